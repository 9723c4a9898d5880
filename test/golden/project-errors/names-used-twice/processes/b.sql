/*---
process_name: signup_fact_load
pattern: stateless
sources:
  - table: raw.raw_signups
target:
  table: facts.Signup_Fact
---*/
select * from raw_signups
