-- @name compose/files_in_hours
-- What: the target's live data files that hold rows of the replaced hours: `inside` is replaced whole, `straddles` also holds
--       other rows (or has no bounds) and those are carried over.
-- @param $manifests VARCHAR[] the target's data manifests
-- @param $field_id INTEGER field id of the event-time column
-- @param $unit VARCHAR unit of the stored event time: us, ns, ms, s or day
-- @param $first_hours VARCHAR[] first hours of the replaced intervals
-- @param $last_hours VARCHAR[] last hours, included, in the same order
-- @returns manifest_path VARCHAR, path VARCHAR, rows BIGINT, bytes BIGINT, placement VARCHAR
with intervals as (
  select unnest($first_hours::integer[]) as first_hour, unnest($last_hours::integer[]) as last_hour
),
entries as (
  select
    filename as manifest_path,
    data_file.file_path as path,
    data_file.record_count as rows,
    data_file.file_size_in_bytes as bytes,
    hex(data_file.lower_bounds[$field_id]) as lower_bound,
    hex(data_file.upper_bounds[$field_id]) as upper_bound,
    data_file.null_value_counts[$field_id] as null_event_times
  from read_manifests($manifests)
  where status < 2
),
stored as (
  select *, iceberg_integer(lower_bound) as lower_value, case when length(upper_bound) = length(lower_bound) then iceberg_integer(upper_bound) end as upper_value
  from entries
),
files as (
  select
    *,
    coalesce(bounds_are_trusted(lower_value, upper_value, $unit, null_event_times, rows), false) as is_trusted,
    case when is_trusted then event_hour(lower_value, $unit, false) end as first_hour,
    case when is_trusted then event_hour(upper_value, $unit, true) end as last_hour
  from stored
)
select
  manifest_path,
  path,
  any_value(rows) as rows,
  any_value(bytes) as bytes,
  case
    when bool_or(files.first_hour >= intervals.first_hour and files.last_hour <= intervals.last_hour 
      -- Not counted: a row without an event time may be in the file, and is no row of these hours.
      and coalesce(null_event_times = 0, false)) then 'inside'
    else 'straddles'
  end as placement
from files
join intervals
  on files.first_hour is null
  or (files.first_hour <= intervals.last_hour and files.last_hour >= intervals.first_hour)
group by manifest_path, path
order by path
