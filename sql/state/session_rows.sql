-- @name state/session_rows
-- What: a session, one row a source, as `psyberg_session_f` holds it.
-- @param $rows JSON an array
select
  process_name,
  psyberg_session_id,
  etl_pattern_id::integer as etl_pattern_id,
  pattern,
  status,
  src_table,
  processing_uris,
  from_event_date::date as from_event_date,
  from_event_hour::integer as from_event_hour,
  to_event_date::date as to_event_date,
  to_event_hour::integer as to_event_hour,
  from_processing_date::date as from_processing_date,
  from_processing_hour::integer as from_processing_hour,
  to_processing_date::date as to_processing_date,
  to_processing_hour::integer as to_processing_hour,
  source_snapshot_id::bigint as source_snapshot_id,
  target_table,
  target_snapshot_id::bigint as target_snapshot_id,
  rows_read::bigint as rows_read,
  rows_written::bigint as rows_written,
  created_at::timestamptz as created_at,
  error,
  plan
from (
  select unnest(from_json($rows, '[{
    "process_name": "VARCHAR", "psyberg_session_id": "VARCHAR", "etl_pattern_id": "VARCHAR", "pattern": "VARCHAR", "status": "VARCHAR",
    "src_table": "VARCHAR", "processing_uris": "VARCHAR", "from_event_date": "VARCHAR", "from_event_hour": "VARCHAR",
    "to_event_date": "VARCHAR", "to_event_hour": "VARCHAR", "from_processing_date": "VARCHAR", "from_processing_hour": "VARCHAR",
    "to_processing_date": "VARCHAR", "to_processing_hour": "VARCHAR", "source_snapshot_id": "VARCHAR", "target_table": "VARCHAR",
    "target_snapshot_id": "VARCHAR", "rows_read": "VARCHAR", "rows_written": "VARCHAR", "created_at": "VARCHAR", "error": "VARCHAR", "plan": "VARCHAR"
  }]'), recursive := true)
)
