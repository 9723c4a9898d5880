/*---
process_name: signup_load
pattern: stateless
sources:
  - table: raw.signups
    alias: s
    event_time: signup_ts
target:
  table: facts.signup
  event_time: signup_ts
  partition_by: [hour(signup_ts)]
audits:
  - source_to_target_count
---*/
select account_id, signup_ts, upper(country) as country,
  $first_hour as first_hour, $last_hour as last_hour
from s
