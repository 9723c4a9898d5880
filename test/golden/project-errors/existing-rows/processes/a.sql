/*---
process_name: a_load
pattern: stateless
sources:
  - table: raw.signups
target:
  table: facts.a
  existing_row: keep
---*/
select * from signups
