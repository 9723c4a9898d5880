/*---
process_name: signup_load
pattern: stateless
sources:
  - table: raw.signups
    event_time: signup_ts
    on_source_change: append-added
    protect: false
target:
  table: facts.signup
---*/
select account_id, signup_ts, country from signups
