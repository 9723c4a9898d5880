/*---
process_name: cancel_load
pattern: stateless
sources:
  - table: raw.cancels
    alias: c
    event_time: cancel_ts
  - table: raw.requests
    alias: r
    event_time: request_ts
target:
  table: facts.cancel
audits:
  - source_to_target_count: { source: c }
  - no_missing_events: { source: c, key: id, target_key: cancel_id }
    severity: warn
  - not_null: { columns: [cancel_id, "odd\"name"] }
  - unique: { columns: [cancel_id, account_id] }
  - unique: { columns: [cancel_id], over: target }
  - sql: audits/known_account.sql
---*/
select c.id as cancel_id, c.account_id, r.reason as "odd""name"
from c left join r using (account_id)
