/*---
process_name: range_touched
pattern: stateful
sources:
  - table: raw.range_touched
    event_time: ts
target: { table: facts.range_touched, event_time: ts }
hours: touched
catchup: { load: range }
---*/
select ts from range_touched
