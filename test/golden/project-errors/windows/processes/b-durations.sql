/*---
process_name: durations_load
pattern: stateful
sources:
  - { table: raw.a, event_time: ts, window: { before: 30 } }
  - { table: raw.b, event_time: ts, window: { before: 90m } }
  - { table: raw.c, event_time: ts, window: { before: a month, after: 1h } }
  - { table: raw.d, event_time: ts, window: { befor: 1h } }
  - { table: raw.e, event_time: ts, window: { key: id } }
  - { table: raw.f, event_time: ts, window: 30d }
target: { table: facts.durations, event_time: ts }
---*/
select * from a
