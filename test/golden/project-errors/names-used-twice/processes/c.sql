/*---
process_name: own_source_load
pattern: stateless
sources:
  - table: raw.raw_signups
target:
  table: raw.raw_signups
---*/
select * from raw_signups
