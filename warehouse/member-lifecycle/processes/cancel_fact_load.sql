/*---
process_name: cancel_fact_load
pattern: stateful
sources:
  - table: raw.raw_cancels
    event_time: processing_ts
    event_time_unit: epoch_ms
  - table: facts.cancel_request_fact
    event_time: request_ts
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
-- A request is executed within its hour. The rule looks at one hour only, so a recomputed range never depends on rows outside it.
select event_id,
       account_id,
       make_timestamptz(processing_ts * 1000) as cancel_ts,
       case
         when exists (
           from cancel_request_fact as request
           where request.account_id = raw_cancels.account_id
             and date_trunc('hour', request.request_ts) = date_trunc('hour', make_timestamptz(raw_cancels.processing_ts * 1000))
         ) then 'voluntary'
         else 'involuntary'
       end as churn_type
from raw_cancels
