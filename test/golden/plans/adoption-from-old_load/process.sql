/*---
process_name: cancel_count_load
pattern: stateful
sources:
  - table: raw.cancels
    event_time: cancel_ts
target:
  table: facts.cancel_count
  event_time: hour_ts
  partition_by: [hour(hour_ts)]
---*/
select date_trunc('hour', cancel_ts) as hour_ts, count(*) as cancels
from cancels
group by all
