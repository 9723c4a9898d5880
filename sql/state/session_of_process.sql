-- @name state/session_of_process
-- What: how far one session has come, and the plan that its init compiled.
-- @param $process_name VARCHAR
-- @param $psyberg_session_id VARCHAR
-- @returns status VARCHAR, target_snapshot_id BIGINT NULL, rows_read BIGINT NULL, rows_written BIGINT NULL, error VARCHAR NULL, plan VARCHAR NULL
select
  status,
  target_snapshot_id,
  rows_read,
  rows_written,
  error,
  plan
from {{session_table}}
where process_name = $process_name
  and psyberg_session_id = $psyberg_session_id
order by created_at desc
limit 1
