-- @name state/kept_sessions
-- What: as state/kept_rows, with the plans of the newest 30 sessions only: the steps of older ones are not repeated any more, and plans are nine tenths of a
--       session's bytes.
-- @param $process_name VARCHAR
-- @param $psyberg_session_id VARCHAR
-- @param $replaced_files VARCHAR[]
select * replace (
  case
    when psyberg_session_id in (
      select distinct psyberg_session_id
      from {{table}}
      where process_name = $process_name
      order by psyberg_session_id desc
      limit 30
    ) then plan
  end as plan
)
from {{table}}
where process_name = $process_name
  and psyberg_session_id <> $psyberg_session_id
  and filename in (select unnest($replaced_files))
