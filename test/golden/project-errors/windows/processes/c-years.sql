/*---
process_name: years_load
pattern: stateful
sources:
  - { table: raw.a, event_time: ts }
  - { table: raw.b, event_time: ts, window: { before: 730d, after: 3d, key: id } }
target: { table: facts.years, event_time: ts }
---*/
select * from a join b using (id)
