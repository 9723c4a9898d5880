/*---
process_name: cancel_count_load
pattern: stateful
sources:
  - table: raw.cancels
    event_time: cancel_ts
  - table: raw.requests
    event_time: request_ts
    window: { before: 3h, after: 1h }
target:
  table: facts.cancel_count
  event_time: hour_ts
  partition_by: [hour(hour_ts)]
audits:
  - source_to_target_count
  - no_missing_events: { source: requests, key: account_id }
---*/
select date_trunc('hour', cancel_ts) as hour_ts, count(requests.account_id) as cancels
from cancels
left join requests on requests.account_id = cancels.account_id
group by all
