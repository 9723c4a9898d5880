-- @name session/live_hours
-- What: the event hours of the rows of a view, each once. Rows without an event time have none.
-- @param $unit VARCHAR unit of the stored event time: us, ns, ms, s or day
-- @returns first_hour INTEGER, last_hour INTEGER (a date covers 24 hours)
select distinct
  least(greatest(event_hour({{stored_event_time}}, $unit, false), -2147483648), 2147483647)::integer as first_hour,
  least(greatest(event_hour({{stored_event_time}}, $unit, true), -2147483648), 2147483647)::integer as last_hour
from {{rows}}
where {{stored_event_time}} is not null
