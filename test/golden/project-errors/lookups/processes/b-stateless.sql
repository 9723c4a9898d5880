/*---
process_name: stateless_load
pattern: stateless
sources:
  - table: raw.a
  - { table: ref.b, lookup: true, on_change: restate, key: id }
target: { table: facts.b }
---*/
select * from a join b using (id)
