-- @name compose/write_files_list
-- What: the manifest list of a view of single files: the manifests written for them, and nothing else.
-- @param $manifests VARCHAR[] manifests that hold exactly those files
-- @param $spec_ids VARCHAR[] their partition specs, in the same order
-- @param $snapshot_id VARCHAR id of the snapshot shown
-- @param $sequence_number VARCHAR its sequence number
-- @param $destination VARCHAR path of the new manifest list
-- @returns Count BIGINT
copy (
  select
    entry.filename as manifest_path,
    any_value(file.size) as manifest_length,
    any_value(spec.partition_spec_id) as partition_spec_id,
    0 as content,
    $sequence_number::bigint as sequence_number,
    coalesce(min(entry.sequence_number), $sequence_number::bigint) as min_sequence_number,
    $snapshot_id::bigint as added_snapshot_id,
    0 as added_files_count,
    count(*)::integer as existing_files_count,
    0 as deleted_files_count,
    0::bigint as added_rows_count,
    sum(entry.data_file.record_count)::bigint as existing_rows_count,
    0::bigint as deleted_rows_count,
    null::struct(contains_null boolean, contains_nan boolean, lower_bound blob, upper_bound blob)[] as partitions
  from read_manifests($manifests) as entry
  join (select unnest($manifests) as manifest_path, unnest($spec_ids::integer[]) as partition_spec_id) as spec on spec.manifest_path = entry.filename
  join (select filename as manifest_path, size from read_blob($manifests)) as file on file.manifest_path = plain_path(entry.filename)
  group by entry.filename
) to $destination ({{manifest_list_format}})
