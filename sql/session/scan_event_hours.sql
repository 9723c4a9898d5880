-- @name session/scan_event_hours
-- What: the last rung: the event hours of files whose metadata says nothing, from that one column of exactly those files.
--       An hour that no calendar knows (a wrong unit) is the last one that an INTEGER holds: the row is of the future, and set aside.
-- @param $files VARCHAR[] paths of Parquet files
-- @param $unit VARCHAR unit of the stored event time: us, ns, ms, s or day
-- @returns path VARCHAR, first_hour INTEGER, last_hour INTEGER (a date covers 24 hours; both NULL for rows without an event time), rows BIGINT
select
  given.path,
  least(greatest(event_hour({{stored_event_time}}, $unit, false), -2147483648), 2147483647)::integer as first_hour,
  least(greatest(event_hour({{stored_event_time}}, $unit, true), -2147483648), 2147483647)::integer as last_hour,
  count(*) as rows
from read_parquet($files, filename = true, {{options}}) as file
join (select unnest($files) as path) as given on plain_path(given.path) = file.filename
group by all
