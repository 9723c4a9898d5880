/*---
process_name: signup_load
pattern: stateless
etl_pattern_id: 2
sources:
  - table: raw.signups
    event_time_unit: epoch_s
target: { table: facts.signup }
hours: touched
catchup: { threshold_hours: 0 }
---*/
select 1
