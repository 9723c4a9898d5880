/*---
process_name: audits_load
pattern: stateful
sources:
  - { table: raw.a, event_time: ts }
  - { table: ref.b, lookup: true }
target: { table: facts.e, event_time: ts }
audits:
  - no_missing_events: { source: b, key: id }
  - source_to_target_count: { source: B }
---*/
select * from a join b using (id)
