-- @name compile/carried_rows
-- What: the other rows of files that straddle the replaced hours: those outside, and those without an event time.
-- @param $first_hours BIGINT[] first hours of the replaced intervals
-- @param $last_hours BIGINT[] last hours, included, in the same order
select {{columns}}
from {{straddling}} as straddling
where not exists (
  from (select unnest($first_hours) as first_hour, unnest($last_hours) as last_hour) as replaced
  where event_hour({{stored_event_time}}, {{unit}}, false) between replaced.first_hour and replaced.last_hour
)
