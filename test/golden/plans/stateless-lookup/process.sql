/*---
process_name: cancel_count_load
pattern: stateless
sources:
  - table: raw.cancels
    event_time: cancel_ts
  - table: ref.plans
    lookup: true
target:
  table: facts.cancel_count
---*/
select cancel_id, cancel_ts, plans.name as plan_name
from cancels
left join plans using (plan_id)
