/*---
process_name: dimension_keys
pattern: dimension
sources:
  - table: raw.dimension_keys
    event_time: ts
target: { table: facts.dimension_keys, event_time: ts }
catchup:
  load: changed
  order: newest
  hours_per_session: many
---*/
select ts from dimension_keys
