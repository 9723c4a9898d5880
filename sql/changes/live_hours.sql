-- @name changes/live_hours
-- What: the event hours of the rows of a view, each once. Rows without an event time, or with one before the year 1, have none.
-- @param $unit VARCHAR unit of the stored event time: us, ns, ms, s or day
-- @returns first_hour INTEGER, last_hour INTEGER (a date covers 24 hours)
select distinct
  calendar_hour(event_hour({{stored_event_time}}, $unit, false)) as first_hour,
  calendar_hour(event_hour({{stored_event_time}}, $unit, true)) as last_hour
from {{rows}}
where calendar_hour(event_hour({{stored_event_time}}, $unit, false)) is not null
