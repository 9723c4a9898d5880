-- @name macros/hours_of_files
-- What: the entries of manifests with the hours that the bounds of an event-time column state. Hours are NULL where the bounds are missing or cannot be right
--       (macros/bounds_are_trusted); whether they also agree with the file's partition is for the caller, who may know none.
-- @gives a table: manifest_path, path, file_format, status, snapshot_id (NULL: the manifest's own), rows, bytes, partition (JSON), null_event_times
--          (NULL: not counted), has_bounds (one of them is there, right or not), was_date (they are days of a column that holds timestamps now), first_hour,
--          last_hour, in_another_unit (they look as if they were counted in another unit: a partition has to confirm them)
create or replace temp macro hours_of_files(manifests, field_id, type, unit) as table (
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
      hex(data_file.lower_bounds[field_id]) as lower_bound,
      hex(data_file.upper_bounds[field_id]) as upper_bound,
      data_file.null_value_counts[field_id]::bigint as null_event_times
    from read_manifests(manifests)
  ),
  {{stated_hours}}
)
