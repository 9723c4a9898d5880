-- @name session/scan_event_hours
-- What: the last rung: the event hours of files whose metadata says nothing, from that one column of exactly those files.
--       An hour that no calendar knows (a wrong unit) is the last one that an INTEGER holds: the row is of the future, and set aside.
-- @param $files VARCHAR[] paths of Parquet files
-- @param $unit VARCHAR unit of the stored event time: us, ns, ms, s or day
-- @returns path VARCHAR, first_hour INTEGER, last_hour INTEGER (a date covers 24 hours; both NULL for rows without an event time), rows BIGINT
with event_times as (
  select
    given.path,
    -- Not least() and greatest() alone: they pass over a NULL.
    case when {{stored_event_time}} is not null then least(greatest(event_hour({{stored_event_time}}, $unit, false), -2147483648), 2147483647) end::integer as first_hour
  from read_parquet($files, filename = true, {{options}}) as file
  join (select unnest($files) as path) as given on plain_path(given.path) = file.filename
)
select
  path,
  first_hour,
  first_hour + case when $unit = 'day' and first_hour < 2147483600 then 23 else 0 end as last_hour,
  count(*) as rows
from event_times
group by all
