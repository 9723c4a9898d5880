/*---
process_name: keys_load
pattern: dimension
sources:
  - { table: raw.a, event_time: ts, window: { before: 1d, key: id } }
  - { table: raw.b, event_time: ts, window: { after: 2h } }
target: { table: facts.keys, event_time: ts }
---*/
select * from a join b using (id)
