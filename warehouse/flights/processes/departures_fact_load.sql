/*---
process_name: departures_fact_load
pattern: stateless
sources:
  - table: raw.raw_departures
    event_time: scheduled_ts
target:
  table: facts.departures_fact
  event_time: scheduled_ts
  partition_by: [hour(scheduled_ts)]
audits:
  - source_to_target_count
  - no_missing_events: { source: raw_departures, key: departure_id }
  - not_null: { columns: [departure_id, scheduled_ts, delay_minutes] }
  - unique: { columns: [departure_id] }
---*/
select departure_id,
       scheduled_ts,
       scheduled_ts + to_minutes(delay_minutes) as departed_ts,
       delay_minutes,
       origin,
       destination,
       distance_miles
from raw_departures
