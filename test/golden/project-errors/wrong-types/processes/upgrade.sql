/*---
process_name: upgrade_load
pattern: 3
sources:
  - raw.raw_upgrades
  - table: raw.raw_signups
    event_time_unit: ms
    vtts: 5
    on_source_change: ignore
target:
  table: facts.upgrade.x
  partition_by: [hour(a, b), hours(a), bucket(id), "bucket(0, id)", a b, day(ts), day(ts)]
---*/
select 1
