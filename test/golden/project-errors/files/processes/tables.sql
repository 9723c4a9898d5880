/*---
process_name: tables_load
pattern: stateless
sources:
  - { table: raw.events }
target: { table: raw.tables }
---*/
select *, $landed_at as landed_at from events
