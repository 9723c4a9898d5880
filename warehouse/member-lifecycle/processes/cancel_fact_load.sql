/*---
process_name: cancel_fact_load
pattern: stateful
sources:
  - table: raw.raw_cancels
    event_time: processing_ts
    event_time_unit: epoch_ms
  - table: facts.cancel_request_fact
    event_time: request_ts
    window: { before: 30d, key: account_id }
target:
  table: facts.cancel_fact
  event_time: cancel_ts
  partition_by: [hour(cancel_ts)]
audits:
  - source_to_target_count: { source: raw_cancels }
  - no_missing_events: { source: raw_cancels, key: event_id }
  - not_null: { columns: [event_id, account_id, cancel_ts] }
  - unique: { columns: [event_id] }
  - sql: audits/churn_type_known.sql
---*/
-- Two streams decide: a cancel that the member asked for is voluntary, any other (a failed payment) is involuntary.
-- A request may lie up to 30 days before its cancel. The window above says so: when one comes late, the hours in which its account cancelled
-- are computed again.
select event_id,
       account_id,
       make_timestamptz(processing_ts * 1000) as cancel_ts,
       case
         when exists (
           from cancel_request_fact as request
           where request.account_id = raw_cancels.account_id
             and request.request_ts <= make_timestamptz(raw_cancels.processing_ts * 1000)
             and request.request_ts > make_timestamptz(raw_cancels.processing_ts * 1000) - interval 30 day
         ) then 'voluntary'
         else 'involuntary'
       end as churn_type
from raw_cancels
