/*---
process_name: cancel_count_load
pattern: stateful
sources:
  - table: raw.cancels
    event_time: cancel_ts
  - table: raw.requests
    event_time: request_ts
    window: { before: 3h, key: account_id }
target:
  table: facts.cancel_count
  event_time: hour_ts
  partition_by: [hour(hour_ts)]
---*/
select date_trunc('hour', cancel_ts) as hour_ts, count(requests.account_id) as cancels
from cancels
left join requests on requests.account_id = cancels.account_id
group by all
