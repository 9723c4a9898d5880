/*---
sources:
  - alias: a
target:
  event_time: ts
audits:
  - no_missing_events: { key: id }
---*/
select 1
