-- @name changes/scan_event_hours
-- What: the last rung: the event hours of files whose metadata says nothing, from that one column of exactly those files.
--       An hour that no calendar has is as `calendar_hour` says: set aside with the future, or as without an event time.
-- @param $files VARCHAR[] paths of Parquet files
-- @param $unit VARCHAR unit of the stored event time: us, ns, ms, s or day
-- @returns path VARCHAR, first_hour INTEGER NULL, last_hour INTEGER NULL (a date covers 24 hours; both NULL for rows without an event time, or one before the year 1), rows BIGINT
with event_times as (
  select
    given.path,
    calendar_hour(event_hour({{stored_event_time}}, $unit, false)) as first_hour
  from read_parquet($files, filename = 'psyberg_file', {{options}}) as file
  join (select unnest($files) as path) as given on plain_path(given.path) = file.psyberg_file
)
select
  path,
  first_hour,
  calendar_hour(first_hour + case when $unit = 'day' then 23 else 0 end) as last_hour,
  count(*) as rows
from event_times
group by all
