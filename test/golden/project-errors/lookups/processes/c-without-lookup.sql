/*---
process_name: without_lookup_load
pattern: stateful
sources:
  - { table: raw.a, event_time: ts, on_change: restate }
  - { table: raw.b, event_time: ts, window: { before: 1d }, key: id }
  - { table: ref.c, lookup: true, key: id }
  - { table: ref.d, lookup: yes, on_change: refuse }
target: { table: facts.c, event_time: ts }
---*/
select * from a join b using (id) join c using (id)
