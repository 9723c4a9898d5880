/*---
process_name: cancel_count_load
pattern: stateful
sources:
  - table: raw.cancels
    event_time: cancel_ts
  - table: ref.plans
    lookup: true
target:
  table: facts.cancel_count
  event_time: hour_ts
  partition_by: [hour(hour_ts)]
audits:
  - source_to_target_count
  - no_missing_events: { source: cancels, key: cancel_id }
---*/
select date_trunc('hour', cancel_ts) as hour_ts, count(*) as cancels
from cancels
left join plans using (plan_id)
where plans.is_paid
group by all
