/*---
process_name: signup_fact_load
pattern: stateless
sources:
  - table: raw.raw_signups
target:
  table: facts.signup_fact
---*/
select * from raw_signups
