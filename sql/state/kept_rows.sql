-- @name state/kept_rows
-- What: the rows of a process that a folded file keeps: all but those of the session that is written anew.
-- @param $process_name VARCHAR
-- @param $psyberg_session_id VARCHAR
select *
from {{table}}
where process_name = $process_name
  and psyberg_session_id <> $psyberg_session_id
