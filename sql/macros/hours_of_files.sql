-- @name macros/hours_of_files
-- What: the entries of manifests with the hours that the bounds of an event-time column state. Hours are NULL where the bounds are missing or cannot be right
--       (macros/bounds_are_trusted); whether they also agree with the file's partition is for the caller, who may know none.
-- @gives a table: manifest_path, path, file_format, status, snapshot_id (NULL: the manifest's own), rows, bytes, partition (JSON), null_event_times
--          (NULL: not counted), has_bounds (one of them is there, right or not), stored_unit (what they are counted in: macros/stored_unit), first_hour,
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
  -- In steps of their own: a macro repeats its argument, and planning takes longer with long ones.
  stored as (
    select
      *,
      iceberg_integer(lower_bound) as lower_value,
      case when length(upper_bound) = length(lower_bound) then iceberg_integer(upper_bound) end as upper_value,
      stored_unit(lower_bound, type, unit) as stored_unit
    from entries
  ),
  judged as (
    select *, coalesce(bounds_are_trusted(lower_value, upper_value, stored_unit, null_event_times, rows), false) as is_trusted
    from stored
  )
  select
    manifest_path,
    path,
    file_format,
    status,
    snapshot_id,
    rows,
    bytes,
    partition,
    null_event_times,
    coalesce(lower_bound, upper_bound) is not null as has_bounds,
    stored_unit,
    case when is_trusted then event_hour(lower_value, stored_unit, false) end as first_hour,
    case when is_trusted then event_hour(upper_value, stored_unit, true) end as last_hour,
    coalesce(bounds_in_another_unit(lower_value, upper_value, stored_unit), false) as in_another_unit
  from judged
)
