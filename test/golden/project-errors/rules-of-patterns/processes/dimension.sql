/*---
process_name: state_load
pattern: dimension
sources:
  - table: facts.previous
  - table: dims.state
    event_time: ts
    event_time_unit: epoch_ms
    on_source_change: append-added
target:
  table: dims.state
audits:
  - no_missing_events: { source: cancels, key: id }
  - source_to_target_count: { source: stat }
---*/
select 1
