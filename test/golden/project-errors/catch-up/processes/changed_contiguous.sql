/*---
process_name: changed_contiguous
pattern: stateful
sources:
  - table: raw.changed_contiguous
    event_time: ts
target: { table: facts.changed_contiguous, event_time: ts }
hours: contiguous
catchup: { load: changed, hours_per_session: 0 }
---*/
select ts from changed_contiguous
