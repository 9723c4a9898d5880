/*---
process_name: f_load
pattern: stateless
sources:
  - table: raw.raw_signups
target:
  table: facts.f
---*/
select 'abc from raw_signups
