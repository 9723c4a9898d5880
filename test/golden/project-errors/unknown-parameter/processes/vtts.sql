/*---
process_name: vtts_load
pattern: stateful
sources:
  - table: raw.raw_cancels
    event_time: cancel_ts
    vtts: { sql: "select '$text' /* $comment */ + $range_end" }
target:
  table: facts.vtts
  event_time: cancel_ts
---*/
select * from raw_cancels
