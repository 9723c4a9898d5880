/*---
process_name: cancel_count_load
pattern: stateful
sources:
  - table: raw.cancels
    event_time: cancel_ts
  - table: ref.plans
    lookup: true
    on_change: restate
    key: plan_id
target:
  table: facts.cancel_count
  event_time: hour_ts
  partition_by: [hour(hour_ts)]
---*/
select date_trunc('hour', cancel_ts) as hour_ts, count(*) as cancels
from cancels
left join plans using (plan_id)
where plans.is_paid
group by all
