-- @name inspect/session_history
-- What: the newest sessions, one row a session; its sources side by side.
-- @param $process_name VARCHAR NULL of every process without it
-- @param $row_limit BIGINT
-- @returns process_name VARCHAR, psyberg_session_id VARCHAR, pattern VARCHAR, status VARCHAR, target_table VARCHAR,
--          target_snapshot_id VARCHAR NULL, src_tables VARCHAR, first_hour VARCHAR NULL, last_hour VARCHAR NULL, rows_read VARCHAR NULL,
--          rows_written VARCHAR NULL, created_at TIMESTAMPTZ, error VARCHAR NULL
select
  process_name,
  psyberg_session_id,
  any_value(pattern) as pattern,
  any_value(status) as status,
  any_value(target_table) as target_table,
  any_value(target_snapshot_id)::varchar as target_snapshot_id,
  string_agg(src_table, ', ' order by src_table) as src_tables,
  min(strftime(from_event_date + to_hours(from_event_hour), '%Y-%m-%dT%H:%M:%SZ')) as first_hour,
  max(strftime(to_event_date + to_hours(to_event_hour), '%Y-%m-%dT%H:%M:%SZ')) as last_hour,
  max(rows_read)::varchar as rows_read,
  max(rows_written)::varchar as rows_written,
  any_value(created_at) as created_at,
  any_value(error) as error
from {{session_table}}
where $process_name is null or process_name = $process_name
group by process_name, psyberg_session_id
order by created_at desc, psyberg_session_id desc, process_name desc
limit $row_limit
