-- @name tables/written_counts
-- What: what another engine counted of the files that it wrote: rows, the hours in which they lie, and the columns in which none is NULL. What it did not
--       count is NULL, or not among the columns.
-- @param $manifests VARCHAR[] of new files, all of one partition spec
-- @param $field_id INTEGER field id of the event-time column; 0 when the table has none
-- @param $unit VARCHAR unit of the stored event time: us, ns, ms, s or day
-- @param $type VARCHAR Iceberg type of the column
-- @returns path VARCHAR, rows BIGINT, first_hour INTEGER NULL, last_hour INTEGER NULL, null_event_times BIGINT NULL,
--          fields_without_null INTEGER[]
with null_counts as (
  select data_file.file_path as path, map_entries(data_file.null_value_counts) as counts
  from read_manifests($manifests)
)
select
  path,
  rows,
  calendar_hour(first_hour) as first_hour,
  calendar_hour(last_hour) as last_hour,
  null_event_times,
  list_transform(list_filter(coalesce(counts, []), lambda each: each.value = 0), lambda each: each.key) as fields_without_null
from hours_of_files($manifests, $field_id, $type, $unit)
join null_counts using (path)
