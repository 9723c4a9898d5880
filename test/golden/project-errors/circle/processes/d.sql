/*---
process_name: d_load
pattern: stateless
sources:
  - table: facts.c
target:
  table: facts.d
---*/
select * from c
