/*---
process_name: c_load
pattern: stateless
sources:
  - table: raw.raw_signups
target:
  table: facts.c
---*/
-- nothing yet
