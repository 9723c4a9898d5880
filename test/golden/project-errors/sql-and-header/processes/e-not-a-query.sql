/*---
process_name: e_load
pattern: stateless
sources:
  - table: raw.raw_signups
target:
  table: facts.e
---*/
insert into facts.e select * from raw_signups
