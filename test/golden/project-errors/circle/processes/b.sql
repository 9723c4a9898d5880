/*---
process_name: b_load
pattern: stateless
sources:
  - table: facts.a
target:
  table: facts.b
---*/
select * from a
