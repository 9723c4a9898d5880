/*---
process_name: b_load
pattern: stateless
sources:
  - table: raw.signups
target:
  table: facts.b
  existing_rows: append
---*/
select * from signups
