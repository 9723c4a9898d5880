-- @name state/kept_rows
-- What: the rows that are kept of files which give way: all but those of the session that is written anew.
-- @param $process_name VARCHAR
-- @param $psyberg_session_id VARCHAR
-- @param $replaced_files VARCHAR[]
select *
from {{table}}
where process_name = $process_name
  and psyberg_session_id <> $psyberg_session_id
  and filename in (select unnest($replaced_files))
