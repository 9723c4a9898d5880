-- @name inspect/signals
-- What: the announcements of completeness, newest first.
-- @param $row_limit BIGINT
-- @returns signal_name VARCHAR, process_name VARCHAR, hour VARCHAR, kind VARCHAR, psyberg_session_id VARCHAR, created_at TIMESTAMPTZ
select
  signal_name,
  process_name,
  strftime(strptime(vtts_utc_dateint::varchar, '%Y%m%d') + to_hours(vtts_utc_hour), '%Y-%m-%dT%H:%M:%SZ') as hour,
  kind,
  psyberg_session_id,
  created_at
from {{signal_table}}
order by created_at desc, psyberg_session_id desc
limit $row_limit
