/*---
process_name: signup_fact_load
pattern: stateful
sources:
  - table: raw.events
    event_time: ts
  - table: old.Events
    event_time: ts
target:
  table: facts.signup_fact
  event_time: ts
audits:
  - not_null: { columns: [a] }
    name: filled
  - not_null: { columns: [b] }
    name: filled
---*/
select * from events
