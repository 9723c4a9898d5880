/*---
process_name: newest_threshold
pattern: stateful
sources:
  - table: raw.newest_threshold
    event_time: ts
target: { table: facts.newest_threshold, event_time: ts }
catchup:
  threshold_hours: 12
  order: newest
  hours_per_session: -1
---*/
select ts from newest_threshold
