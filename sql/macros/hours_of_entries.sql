-- @name macros/hours_of_entries
-- What: entries of manifests that were read already (tables/read/known-entries.ts), with the hours that the bounds of an event-time column state: what macros/hours_of_files
--       makes of the files themselves. Bounds are hexadecimal text, those of the one column. DuckDB plans this once for a connection, since it reads no file:
--       questions over one manifest of a file took 7 ms of CPU each, and take 1 to 2 ms so (2026-11-30).
-- @gives a table: the columns of macros/hours_of_files
create or replace temp macro hours_of_entries(entries, type, unit) as table (
  with entries as (
    select unnest(from_json(entries, '[{
      "manifest_path": "VARCHAR", "path": "VARCHAR", "file_format": "VARCHAR", "status": "INTEGER", "snapshot_id": "BIGINT", "rows": "BIGINT",
      "bytes": "BIGINT", "partition": "JSON", "lower_bound": "VARCHAR", "upper_bound": "VARCHAR", "null_event_times": "BIGINT"
    }]'), recursive := true)
  ),
  {{stated_hours}}
)
