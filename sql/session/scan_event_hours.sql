-- @name session/scan_event_hours
-- What: the last rung: the event hours of files whose metadata says nothing, from that one column of exactly those files.
-- @param $files VARCHAR[] paths of Parquet files
-- @param $unit VARCHAR unit of the stored event time: us, ns, ms, s or day
-- @returns path VARCHAR, hour INTEGER (NULL for rows without an event time), rows BIGINT
select
  given.path,
  event_hour({{stored_event_time}}, $unit, false)::integer as hour,
  count(*) as rows
from read_parquet($files, filename = true) as file
join (select unnest($files) as path) as given on plain_path(given.path) = file.filename
group by all
