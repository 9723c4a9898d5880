/*---
process_name: signup_fact_load
pattern: stateless
sources:
  - table: raw.raw_signups
    event_time: processing_ts
    event_time_unit: epoch_ms
target:
  table: facts.signup_fact
  event_time: signup_ts
  partition_by: [hour(signup_ts)]
audits:
  - source_to_target_count
  - no_missing_events: { source: raw_signups, key: event_id }
  - not_null: { columns: [event_id, account_id, signup_ts, plan_rank] }
  - unique: { columns: [event_id] }
---*/
-- A sign-up means the same whenever it arrives, so a late one is appended to the hour in which it happened.
select event_id,
       account_id,
       make_timestamptz(processing_ts * 1000) as signup_ts,
       country,
       plan,
       case plan
         when 'basic' then 1
         when 'standard' then 2
         when 'premium' then 3
       end as plan_rank
from raw_signups
