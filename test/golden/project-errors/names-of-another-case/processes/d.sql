/*---
process_name: own_load
pattern: stateless
sources:
  - table: raw.Own
target:
  table: Raw.own
---*/
select 1 as one
