/*---
process_name: account_plan_fact_load
pattern: stateless
sources:
  - table: raw.raw_plan_changes
    event_time: processing_ts
    event_time_unit: epoch_ms
target:
  table: facts.account_plan_fact
  event_time: change_ts
  partition_by: [hour(change_ts)]
audits:
  - source_to_target_count
  - no_missing_events: { source: raw_plan_changes, key: event_id }
  - not_null: { columns: [event_id, account_id, change_ts, plan_rank] }
  - unique: { columns: [event_id] }
---*/
-- The event names the new plan only: whether that is an upgrade depends on the plan before, which the dimension knows.
select event_id,
       account_id,
       make_timestamptz(processing_ts * 1000) as change_ts,
       new_plan as plan,
       case new_plan
         when 'basic' then 1
         when 'standard' then 2
         when 'premium' then 3
       end as plan_rank
from raw_plan_changes
