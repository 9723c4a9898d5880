-- @name state/kept_files
-- What: as state/kept_rows, without the rows of sessions that a rollback of the target has undone: their numbers are given again.
-- @param $process_name VARCHAR
-- @param $psyberg_session_id VARCHAR
-- @param $replaced_files VARCHAR[]
-- @param $session BIGINT number of the session that writes
select *
from {{table}}
where process_name = $process_name
  and psyberg_session_id <> $psyberg_session_id
  and filename in (select unnest($replaced_files))
  and session_number < $session
