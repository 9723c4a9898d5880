/*---
process_name: account_state_load
pattern: dimension
sources:
  - table: raw.cancels
    event_time: cancel_ts
target:
  table: facts.account_state
  event_time: hour_ts
  properties: { format-version: '3' }
audits:
  - source_to_target_count
  - unique: { columns: [account_id, hour_ts] }
  - sql: audits/nobody_vanishes.sql
---*/
select account_id, $range_start as hour_ts, true as cancelled
from (select account_id from previous union select account_id from cancels)
