/*---
process_name: signup_load
pattern: stateless
sources:
  - files: /landing/signups/*.jsonl
    alias: s
    event_time: signup_ts
    columns: { account_id: bigint, signup_ts: timestamptz, country: varchar }
target:
  table: facts.signup
  event_time: signup_ts
  partition_by: [hour(signup_ts)]
audits:
  - source_to_target_count
---*/
select account_id, signup_ts, upper(country) as country, filename
from s
