-- @name state/published_sessions
-- What: which of the sessions that a target's history names are recorded as published.
-- @param $process_name VARCHAR
-- @param $session_ids VARCHAR[]
-- @returns psyberg_session_id VARCHAR
select distinct psyberg_session_id
from {{session_table}}
where process_name = $process_name
  and status = 'published'
  and psyberg_session_id in (select unnest($session_ids))
