/*---
process_name: cancel_count_load
pattern: dimension
sources:
  - table: raw.cancels
    event_time: cancel_ts
target:
  table: facts.cancel_count
  event_time: hour_ts
---*/
select $range_start::timestamptz as hour_ts, count(*) as cancels, any_value(share) as share
from (select 1.0 as share from cancels union all by name select share from previous)
