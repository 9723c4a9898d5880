/*---
process_name: no_map
pattern: stateful
sources:
  - table: raw.no_map
    event_time: ts
target: { table: facts.no_map, event_time: ts }
catchup: 12
---*/
select ts from no_map
