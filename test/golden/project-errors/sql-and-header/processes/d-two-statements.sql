/*---
process_name: d_load
pattern: stateless
sources:
  - table: raw.raw_signups
target:
  table: facts.d
---*/
select ';' from raw_signups; -- one;
/* two; */ select 2;
