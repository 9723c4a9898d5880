/*---
process_name: upgrade_load
pattern: stateless
sources:
  - table: facts.plan_change
target:
  table: facts.upgrade
---*/
select * from plan_change where is_upgrade
