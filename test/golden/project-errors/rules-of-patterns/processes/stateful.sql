/*---
process_name: cancel_load
etl_pattern_id: 2
sources:
  - table: raw.staged
  - table: raw.x
    alias: target
    event_time: ts
target: { table: facts.cancel }
catchup: { threshold_hours: 3 }
---*/
select 1
