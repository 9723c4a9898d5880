/*---
process_name: i_load
pattern: stateless
sources:
  - table: raw.raw_signups
target:
  table: facts.i
pattern: stateful
---*/
select * from raw_signups
