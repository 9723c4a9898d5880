/*---
process_name: event_fact_load
pattern: stateless                 # each row stands alone: new rows are appended, late ones to the hour in which they happened
sources:
  - table: raw.raw_events
    event_time: event_ts
target:
  table: facts.event_fact
  event_time: event_ts
  partition_by: [hour(event_ts)]
audits:
  - source_to_target_count
  - no_missing_events: { source: raw_events, key: event_id }
  - not_null: { columns: [event_id, event_ts] }
  - unique: { columns: [event_id], over: target }   # no event twice, also not beside what was loaded before
---*/
-- raw_events holds only the rows that landed since the last run.
select event_id,
       event_ts,
       account_id,
       lower(kind) as kind
from raw_events
