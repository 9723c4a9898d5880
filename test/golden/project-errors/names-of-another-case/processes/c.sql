/*---
process_name: other_load
pattern: stateless
sources:
  - table: RAW.events
target:
  table: facts.others
---*/
select 1 as one
