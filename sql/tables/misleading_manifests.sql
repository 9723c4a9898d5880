-- @name tables/misleading_manifests
-- What: data manifests with live files whose bounds of the event-time column are there and cannot be right, contradict
--       the file's partition, or are days of a column that holds timestamps now:
--       DuckDB would skip those files by them, or fail on them.
-- @param $manifests VARCHAR[] data manifests of one partition spec
-- @param $field_id INTEGER field id of the event-time column
-- @param $unit VARCHAR unit of the stored event time: us, ns, ms, s or day
-- @param $type VARCHAR Iceberg type of the column now
-- @param $partition_position INTEGER position, from 1, of a partition field that is made of the event time; 0 when there is none
-- @param $partition_transform VARCHAR its transform
-- @returns manifest_path VARCHAR
with entries as (
  select
    filename as manifest_path,
    data_file.record_count as rows,
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
    case when length(upper_bound) = length(lower_bound) then iceberg_integer(upper_bound) end as upper_value
  from entries
)
select distinct manifest_path
from stored
where coalesce(lower_bound, upper_bound) is not null
  and (
    not coalesce(bounds_are_trusted(lower_value, upper_value, $unit, null_event_times, rows), false)
    or (bounds_in_another_unit(lower_value, upper_value, $unit) and partition_hour(partition_value, $partition_transform, 0) is null)
    or stored_unit(lower_bound, $type, $unit) <> $unit
    or event_hour(lower_value, $unit, false) < partition_hour(partition_value, $partition_transform, 0)
    or event_hour(upper_value, $unit, true) >= partition_hour(partition_value, $partition_transform, 1)
  )
