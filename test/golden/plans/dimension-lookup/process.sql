/*---
process_name: cancel_count_load
pattern: dimension
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
select $first_hour as hour_ts, plan_id, count(*) as cancels
from (select plan_id from cancels union all select plan_id from previous)
left join plans using (plan_id)
group by all
