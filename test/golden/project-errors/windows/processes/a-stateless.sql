/*---
process_name: land_load
pattern: stateless
sources:
  - table: raw.events
    window: { before: 30d }
target: { table: facts.land }
---*/
select * from events
