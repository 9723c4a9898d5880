select 1;
/*---
process_name: k_load
pattern: stateless
sources:
  - table: raw.raw_signups
target:
  table: facts.k
---*/
select * from raw_signups
