-- @name compose/write_change_list
-- What: the manifest list of a change view: only the manifests with files that the given snapshots added, as they are. Nothing is copied.
-- @param $manifest_lists VARCHAR[] the manifest lists of those snapshots
-- @param $snapshot_ids VARCHAR[] their ids
-- @param $destination VARCHAR path of the new manifest list
-- @returns Count BIGINT
copy (
  select
    manifest_path,
    any_value(manifest_length) as manifest_length,
    any_value(partition_spec_id) as partition_spec_id,
    0 as content,
    any_value(sequence_number) as sequence_number,
    any_value(min_sequence_number) as min_sequence_number,
    any_value(added_snapshot_id) as added_snapshot_id,
    any_value(added_files_count) as added_files_count,
    any_value(existing_files_count) as existing_files_count,
    any_value(deleted_files_count) as deleted_files_count,
    any_value(added_rows_count) as added_rows_count,
    any_value(existing_rows_count) as existing_rows_count,
    any_value(deleted_rows_count) as deleted_rows_count,
    any_value(partitions) as partitions
  from read_avro($manifest_lists)
  where added_snapshot_id in (select unnest($snapshot_ids::bigint[]))
    and content = 0
    and (added_files_count > 0 or existing_files_count + deleted_files_count = 0)
  group by manifest_path
  order by manifest_path
) to $destination ({{manifest_list_format}})
