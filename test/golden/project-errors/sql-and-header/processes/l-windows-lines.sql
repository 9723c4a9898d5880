/*---
process_name: l_load
pattern: stateless
sources:
  - table: raw.raw_signups
target:
  table: facts.l
hour: touched
---*/
select $x
from raw_signups