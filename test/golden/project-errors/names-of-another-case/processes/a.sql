/*---
process_name: up_load
pattern: stateless
sources:
  - table: raw.events
target:
  table: facts.Signups
---*/
select 1 as one
