/*---
process_name: state_load
pattern: stateless
sources:
  - table: raw.raw_signups
target:
  table: psyberg.psyberg_session_f
---*/
select * from raw_signups
