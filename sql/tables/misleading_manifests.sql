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
with files as (
  select
    *,
    partition_hour((partition->>'$.*')[$partition_position], $partition_transform, 0) as partition_first_hour,
    partition_hour((partition->>'$.*')[$partition_position], $partition_transform, 1) as partition_end_hour
  from hours_of_files($manifests, $field_id, $type, $unit)
  where status < 2
)
select distinct manifest_path
from files
where has_bounds
  and (
    first_hour is null
    or stored_unit <> $unit
    or (in_another_unit and partition_first_hour is null)
    or first_hour < partition_first_hour
    or last_hour >= partition_end_hour
  )
