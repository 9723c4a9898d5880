/*---
process_name: a_load
pattern: stateless
sources:
  - table: raw.events
target:
  table: facts.a
---*/
select first_of(id) as id from events
