/*---
process_name: keys_load
pattern: stateless
sources:
  - files: landing/orders/*.jsonl
    table: raw.orders
    alias: orders
    window: { before: 1h }
    vtts: signal
    start: 2023-09-14
  - { table: raw.events, settle: 30s, on_bad_rows: refuse }
  - { event_time: ts }
target: { table: raw.keys }
---*/
select 1 as one
