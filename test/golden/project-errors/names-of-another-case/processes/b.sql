/*---
process_name: down_load
pattern: stateless
sources:
  - table: facts.signups
target:
  table: facts.counts
---*/
select 1 as one
