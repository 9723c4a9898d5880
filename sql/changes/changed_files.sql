-- @name changes/changed_files
-- What: the data files in manifests of one partition spec, with the hours that their event-time bounds span.
--       Without trusted bounds (or with a lower one before the year 1) the hours are NULL: the caller goes on to the next rung (partition, then a scan of the column).
-- @param $manifests VARCHAR[] paths, all of one partition spec
-- @param $field_id INTEGER field id of the event-time column; 0 when the source has none
-- @param $unit VARCHAR unit of the stored event time: us, ns, ms, s or day
-- @param $type VARCHAR Iceberg type of the column now
-- @param $statuses VARCHAR[] entry statuses to return: 0 existing, 1 added, 2 removed
-- @returns manifest_path, path, file_format, status, snapshot_id (NULL: the manifest's own), rows, bytes, partition (JSON text), first_hour, last_hour,
--          in_another_unit BOOLEAN (they need a partition that confirms them), null_event_times (NULL: not counted)
with entries as (
  select
    filename as manifest_path,
    data_file.file_path as path,
    data_file.file_format as file_format,
    status,
    snapshot_id,
    data_file.record_count as rows,
    data_file.file_size_in_bytes as bytes,
    to_json(data_file.partition) as partition,
    hex(data_file.lower_bounds[$field_id]) as lower_bound,
    hex(data_file.upper_bounds[$field_id]) as upper_bound,
    data_file.null_value_counts[$field_id] as null_event_times
  from read_manifests($manifests)
  where status in (select unnest($statuses::integer[]))
),
stored as (
  select
    *,
    iceberg_integer(lower_bound) as lower_value,
    case when length(upper_bound) = length(lower_bound) then iceberg_integer(upper_bound) end as upper_value,
    stored_unit(lower_bound, $type, $unit) as stored_unit
  from entries
),
trusted as (
  select
    *,
    coalesce(bounds_are_trusted(lower_value, upper_value, stored_unit, null_event_times, rows), false)
      -- Only the file can tell which of its rows lie in the calendar.
      and calendar_hour(event_hour(lower_value, stored_unit, false)) is not null as is_trusted
  from stored
)
select
  manifest_path,
  path,
  file_format,
  status,
  snapshot_id::varchar as snapshot_id,
  rows,
  bytes,
  partition::varchar as partition,
  case when is_trusted then calendar_hour(event_hour(lower_value, stored_unit, false)) end as first_hour,
  case when is_trusted then calendar_hour(event_hour(upper_value, stored_unit, true)) end as last_hour,
  coalesce(bounds_in_another_unit(lower_value, upper_value, stored_unit), false) as in_another_unit,
  null_event_times::bigint as null_event_times
from trusted
