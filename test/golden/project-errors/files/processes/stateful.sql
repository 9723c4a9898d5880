/*---
process_name: stateful_load
pattern: stateful
sources:
  - { files: landing/*.jsonl, alias: orders, event_time: ts }
target: { table: facts.orders, event_time: ts }
---*/
select ts from orders
