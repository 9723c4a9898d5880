/*---
process_name: only_lookups_load
pattern: stateless
sources:
  - { table: ref.a, lookup: true }
  - { table: ref.b, lookup: true }
target: { table: facts.d }
---*/
select * from a join b using (id)
