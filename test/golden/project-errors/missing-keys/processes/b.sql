/*---
process_name: b_load
pattern: stateless
sources: []
---*/
select 1
