-- @name report/files_without_bounds
-- What: how many live data files of one partition spec say nothing about their event times.
-- @param $manifests VARCHAR[] paths, all of one partition spec
-- @param $field_id INTEGER field id of the event-time column
-- @returns files BIGINT, without_bounds BIGINT
select
  count(*) as files,
  count(*) filter (where data_file.lower_bounds[$field_id] is null or data_file.upper_bounds[$field_id] is null) as without_bounds
from read_avro($manifests)
where status in (0, 1)
  and data_file.record_count > 0
