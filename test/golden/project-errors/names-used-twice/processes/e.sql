/*---
process_name: twice_load
pattern: stateless
sources:
  - table: raw.raw_signups
  - table: raw.raw_signups
    alias: again
target:
  table: facts.twice
---*/
select * from raw_signups
