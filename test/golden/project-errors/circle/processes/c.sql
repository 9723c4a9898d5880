/*---
process_name: c_load
pattern: stateless
sources:
  - table: facts.b
  - table: raw.events
target:
  table: facts.c
---*/
select * from b
