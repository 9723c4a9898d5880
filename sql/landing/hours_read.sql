-- @name landing/hours_read
-- What: the event hours of the rows of each file, as changes/scan_event_hours gives them for the files of a table.
-- @param $unit VARCHAR unit of the event time: us, ns, ms, s or day
-- @returns path VARCHAR, first_hour INTEGER NULL, last_hour INTEGER NULL (a date covers 24 hours; both NULL for rows without an event time), rows BIGINT
with event_times as (
  select psyberg_file as path, calendar_hour(event_hour({{stored_event_time}}, $unit, false)) as first_hour
  from {{relation}}
)
select
  path,
  first_hour,
  calendar_hour(first_hour + case when $unit = 'day' then 23 else 0 end) as last_hour,
  count(*) as rows
from event_times
group by all
