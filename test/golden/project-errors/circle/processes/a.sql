/*---
process_name: a_load
pattern: stateless
sources:
  - table: facts.c
target:
  table: facts.a
---*/
select * from c
