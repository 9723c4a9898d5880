-- @name state/kept_failures
-- What: as state/kept_rows, of the newest 30 sessions only: what older ones left is let go when files are folded. (Not measured: a person looks at the last few.)
-- @param $process_name VARCHAR
-- @param $psyberg_session_id VARCHAR
-- @param $replaced_files VARCHAR[]
select *
from {{table}}
where process_name = $process_name
  and psyberg_session_id <> $psyberg_session_id
  and filename in (select unnest($replaced_files))
  and psyberg_session_id in (
    select distinct psyberg_session_id
    from {{table}}
    where process_name = $process_name
    order by psyberg_session_id desc
    limit 30
  )
