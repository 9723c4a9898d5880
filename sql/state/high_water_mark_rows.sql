-- @name state/high_water_mark_rows
-- What: a process's watermarks, one row a source, as `high_water_mark_table` holds them.
-- @param $rows JSON an array
select
  process_name,
  src_table,
  table_uuid,
  snapshot_id::bigint as snapshot_id,
  sequence_number::bigint as sequence_number,
  high_water_mark_ts::timestamptz as high_water_mark_ts,
  previous_snapshot_id::bigint as previous_snapshot_id,
  previous_high_water_mark_ts::timestamptz as previous_high_water_mark_ts,
  owed_hours,
  psyberg_session_id,
  updated_at::timestamptz as updated_at,
  newest_hour,
  total_records::bigint as total_records,
  target_table_uuid,
  complete_to_hour
from (
  select unnest(from_json($rows, '[{
    "process_name": "VARCHAR", "src_table": "VARCHAR", "table_uuid": "VARCHAR", "snapshot_id": "VARCHAR", "sequence_number": "VARCHAR",
    "high_water_mark_ts": "VARCHAR", "previous_snapshot_id": "VARCHAR", "previous_high_water_mark_ts": "VARCHAR", "owed_hours": "VARCHAR",
    "psyberg_session_id": "VARCHAR", "updated_at": "VARCHAR", "newest_hour": "VARCHAR", "total_records": "VARCHAR",
    "target_table_uuid": "VARCHAR", "complete_to_hour": "VARCHAR"
  }]'), recursive := true)
)
