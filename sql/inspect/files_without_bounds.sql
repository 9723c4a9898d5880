-- @name inspect/files_without_bounds
-- What: how many live data files of one partition spec say nothing about their event times, and in how many it is NULL in every row: those have
--       no bounds, whatever their writer keeps.
-- @param $manifests VARCHAR[] paths, all of one partition spec
-- @param $field_id INTEGER field id of the event-time column
-- @returns files BIGINT, without_bounds BIGINT, all_null BIGINT
select
  count(*) as files,
  count(*) filter (where bounds_are_missing and not coalesce(is_null, false)) as without_bounds,
  count(*) filter (where is_null) as all_null
from (
  select
    data_file.lower_bounds[$field_id] is null or data_file.upper_bounds[$field_id] is null as bounds_are_missing,
    data_file.null_value_counts[$field_id] >= data_file.record_count as is_null
  from read_avro($manifests)
  where status in (0, 1)
    and data_file.record_count > 0
)
