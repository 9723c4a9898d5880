/*---
process_name: cancel_fact_load
pattern: stateful
sources:
  - table: raw.cancels
    alias: c
    event_time: cancel_ts
  - table: raw.requests
    event_time: request_ts
    vtts: { from: signal }
target:
  table: facts.cancel
  event_time: cancel_ts
  partition_by: [hour(cancel_ts), bucket(4, account_id)]
on_schema_change: append
audits:
  - source_to_target_count: { source: c }
  - unique: { columns: [account_id, cancel_ts] }
---*/
select c.account_id, c.cancel_ts, r.reason, $psyberg_session_id as session_id, $range_start as range_start
from c left join requests as r on r.account_id = c.account_id and r.request_ts <= c.cancel_ts
