-- @name compare/hours_of_sessions
-- What: the hours from which to which the published sessions of a process have loaded its target.
-- @param $process_name VARCHAR
-- @returns psyberg_session_id VARCHAR, first_hour VARCHAR, last_hour VARCHAR
select
  psyberg_session_id,
  strftime(min(from_event_date + to_hours(from_event_hour)), '%Y-%m-%dT%H:00:00Z') as first_hour,
  strftime(max(to_event_date + to_hours(to_event_hour)), '%Y-%m-%dT%H:00:00Z') as last_hour
from {{session_table}}
where process_name = $process_name
  and status = 'published'
  and from_event_date is not null
  and to_event_date is not null
group by all
