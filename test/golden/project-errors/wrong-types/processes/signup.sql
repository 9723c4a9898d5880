/*---
process_name: signup-fact-load
pattern: statefull
sources:
  table: raw.raw_signups
target:
  table: signup_fact
  event_time: [a]
  partition_by: hour(signup_ts)
  properties: { format-version: [2] }
audits:
  - 7
  - unique: { columns: event_id }
  - not_null: { columns: [] }
  - no_missing_events
  - source_to_target_count:
    severity: blocks
hours: all
grain: week
on_schema_change: add
---*/
select * from raw_signups
