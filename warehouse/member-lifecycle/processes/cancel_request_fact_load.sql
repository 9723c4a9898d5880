/*---
process_name: cancel_request_fact_load
pattern: stateless
sources:
  - table: raw.raw_cancel_requests
    event_time: processing_ts
    event_time_unit: epoch_ms
target:
  table: facts.cancel_request_fact
  event_time: request_ts
  partition_by: [hour(request_ts)]
audits:
  - source_to_target_count
  - no_missing_events: { source: raw_cancel_requests, key: event_id }
  - not_null: { columns: [event_id, account_id, request_ts] }
  - unique: { columns: [event_id] }
---*/
select event_id,
       account_id,
       make_timestamptz(processing_ts * 1000) as request_ts,
       reason
from raw_cancel_requests
