-- @name tables/files_in_hours
-- What: live data files that hold rows of the replaced hours: `inside` is replaced whole, `straddles` also holds
--       other rows (or no bounds that can be right) and those are carried over.
-- @param $manifests VARCHAR[] data manifests of one partition spec
-- @param $field_id INTEGER field id of the event-time column
-- @param $unit VARCHAR unit of the stored event time: us, ns, ms, s or day
-- @param $type VARCHAR Iceberg type of the column now
-- @param $partition_position INTEGER position, from 1, of a partition field that is made of the event time; 0 when there is none
-- @param $partition_transform VARCHAR its transform
-- @param $first_hours VARCHAR[] first hours of the replaced intervals
-- @param $last_hours VARCHAR[] last hours, included, in the same order
-- @returns manifest_path VARCHAR, path VARCHAR, rows BIGINT, bytes BIGINT, first_hour BIGINT, last_hour BIGINT (as its bounds say; NULL: they cannot be right), placement VARCHAR
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
    data_file.null_value_counts[$field_id] as null_event_times,
    (to_json(data_file.partition)->>'$.*')[$partition_position] as partition_value
  from read_manifests($manifests)
  where status < 2
),
stored as (
  select
    *,
    iceberg_integer(lower_bound) as lower_value,
    case when length(upper_bound) = length(lower_bound) then iceberg_integer(upper_bound) end as upper_value,
    stored_unit(lower_bound, $type, $unit) as stored_unit
  from entries
),
stated as (
  select *, event_hour(lower_value, stored_unit, false) as stated_first_hour, event_hour(upper_value, stored_unit, true) as stated_last_hour
  from stored
),
files as (
  select
    *,
    coalesce(bounds_are_trusted(lower_value, upper_value, stored_unit, null_event_times, rows), false)
      -- A file outside its partition's hours is misread by somebody: by these bounds its rows would be left out, or left behind.
      and coalesce(stated_first_hour >= partition_hour(partition_value, $partition_transform, 0), true)
      and coalesce(stated_last_hour < partition_hour(partition_value, $partition_transform, 1), true)
      and not coalesce(bounds_in_another_unit(lower_value, upper_value, stored_unit) and partition_hour(partition_value, $partition_transform, 0) is null, false) as is_trusted,
    case when is_trusted then stated_first_hour end as first_hour,
    case when is_trusted then stated_last_hour end as last_hour
  from stated
)
select
  manifest_path,
  path,
  any_value(rows) as rows,
  any_value(bytes) as bytes,
  any_value(files.first_hour) as first_hour,
  any_value(files.last_hour) as last_hour,
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
