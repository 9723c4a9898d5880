-- @name state/signal_rows
-- What: an announcement that a target is complete up to an hour, as `psyberg_signal` holds it.
-- @param $rows JSON an array
select
  process_name,
  signal_name,
  vtts_utc_dateint::integer as vtts_utc_dateint,
  vtts_utc_hour::integer as vtts_utc_hour,
  kind,
  psyberg_session_id,
  created_at::timestamptz as created_at
from (
  select unnest(from_json($rows, '[{
    "process_name": "VARCHAR", "signal_name": "VARCHAR", "vtts_utc_dateint": "VARCHAR", "vtts_utc_hour": "VARCHAR",
    "kind": "VARCHAR", "psyberg_session_id": "VARCHAR", "created_at": "VARCHAR"
  }]'), recursive := true)
)
