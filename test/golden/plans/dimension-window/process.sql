/*---
process_name: cancel_count_load
pattern: dimension
sources:
  - table: raw.cancels
    event_time: cancel_ts
    window: { before: 2h, after: 1h }
target:
  table: facts.cancel_count
  event_time: hour_ts
---*/
select $range_start::timestamptz as hour_ts, count(*) as cancels
from cancels
