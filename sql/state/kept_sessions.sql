-- @name state/kept_sessions
-- What: as state/kept_rows, of the newest sessions only: what older ones left is let go when files are folded.
-- @param $process_name VARCHAR
-- @param $psyberg_session_id VARCHAR
-- @param $sessions_kept BIGINT
select *
from {{table}}
where process_name = $process_name
  and psyberg_session_id <> $psyberg_session_id
  and psyberg_session_id in (
    select distinct psyberg_session_id
    from {{table}}
    where process_name = $process_name
    order by psyberg_session_id desc
    limit $sessions_kept
  )
