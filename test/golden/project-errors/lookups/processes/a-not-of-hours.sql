/*---
process_name: not_of_hours_load
pattern: stateful
sources:
  - { table: raw.a, event_time: ts }
  - table: ref.b
    lookup: true
    event_time: ts
    event_time_unit: epoch_ms
    window: { before: 1d }
    vtts: bounds
    start: now
    nulls: skip
    future_tolerance: 2h
    on_source_change: append-added
target: { table: facts.a, event_time: ts }
---*/
select * from a join b using (id)
