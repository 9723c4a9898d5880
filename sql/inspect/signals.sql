-- @name inspect/signals
-- What: the announcements, newest first: up to which hour a table is complete, and which hours of it were reopened.
-- @param $signal_name VARCHAR NULL of that table alone
-- @param $row_limit BIGINT
-- @returns signal_name VARCHAR, process_name VARCHAR, hour VARCHAR, kind VARCHAR, psyberg_session_id VARCHAR, created_at TIMESTAMPTZ, hours VARCHAR NULL
select
  signal_name,
  process_name,
  strftime(strptime(vtts_utc_dateint::varchar, '%Y%m%d') + to_hours(vtts_utc_hour), '%Y-%m-%dT%H:%M:%SZ') as hour,
  kind,
  psyberg_session_id,
  created_at,
  hours
from (
  from {{signal_table}}
  union all by name
  -- A table that an older release made has no such column before the next session publishes.
  select null::varchar as hours where false
) as announced
where $signal_name is null
  -- Compared as DuckDB compares names.
  or lower(signal_name) = lower($signal_name)
-- Of one session the hours that it reopened are before its completeness.
order by created_at desc, psyberg_session_id desc, kind
limit $row_limit
