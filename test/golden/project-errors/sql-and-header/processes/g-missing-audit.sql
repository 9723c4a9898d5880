/*---
process_name: g_load
pattern: stateless
sources:
  - table: raw.raw_signups
target:
  table: facts.g
audits:
  - sql: audits/absent.sql
    severity: warn
---*/
select * from raw_signups
