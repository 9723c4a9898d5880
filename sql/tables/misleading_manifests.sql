-- @name tables/misleading_manifests
-- What: data manifests with live files whose bounds of the event-time column are there and cannot be right, contradict
--       the file's partition, or are days of a column that holds timestamps now:
--       DuckDB would skip those files by them, or fail on them.
-- @param $manifests VARCHAR[] data manifests of one partition spec (perhaps inside {{files}})
-- @param $entries JSON entries of manifests that are known (perhaps inside {{files}})
-- @param $field_id INTEGER field id of the event-time column (perhaps inside {{files}})
-- @param $unit VARCHAR unit of the stored event time: us, ns, ms, s or day (inside {{files}})
-- @param $type VARCHAR Iceberg type of the column now (inside {{files}})
-- @param $partition_position INTEGER position, from 1, of a partition field that is made of the event time; 0 when there is none
-- @param $partition_transform VARCHAR its transform
-- @returns manifest_path VARCHAR
with files as (
  select
    *,
    partition_hour((partition->>'$.*')[position], transform, 0) as partition_first_hour,
    partition_hour((partition->>'$.*')[position], transform, 1) as partition_end_hour
  from {{files}},
    (select $partition_position::integer as position, $partition_transform::varchar as transform)
  where status < 2
)
select distinct manifest_path
from files
where has_bounds
  and (
    first_hour is null
    or was_date
    or (in_another_unit and partition_first_hour is null)
    or first_hour < partition_first_hour
    or last_hour >= partition_end_hour
  )
