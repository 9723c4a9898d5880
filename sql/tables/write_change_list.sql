-- @name tables/write_change_list
-- What: the manifest list of a change view: only the manifests with files that the given snapshots added, as they are. Nothing is copied.
-- @param $manifest_lists VARCHAR[] the manifest lists of those snapshots
-- @param $snapshot_ids BIGINT[] their ids
-- @param $contents INTEGER[] 0 for data manifests, 1 for delete manifests
-- @param $destination VARCHAR path of the new manifest list
-- @returns Count BIGINT
copy (
  select
    manifest_path,
    any_value(manifest_length) as manifest_length,
    any_value(partition_spec_id) as partition_spec_id,
    any_value(content) as content,
    any_value(sequence_number) as sequence_number,
    any_value(min_sequence_number) as min_sequence_number,
    any_value(added_snapshot_id) as added_snapshot_id,
    coalesce(any_value(added_files_count), 0) as added_files_count,
    coalesce(any_value(existing_files_count), 0) as existing_files_count,
    coalesce(any_value(deleted_files_count), 0) as deleted_files_count,
    coalesce(any_value(added_rows_count), 0) as added_rows_count,
    coalesce(any_value(existing_rows_count), 0) as existing_rows_count,
    coalesce(any_value(deleted_rows_count), 0) as deleted_rows_count,
    any_value(partitions) as partitions
  from manifest_list($manifest_lists)
  where added_snapshot_id in (select unnest($snapshot_ids))
    and list_contains($contents, content)
    -- Writers carry delete files on under the id of a later snapshot (DuckDB does).
    and is_live
    and (content = 1 or coalesce(added_files_count, 0) > 0 or coalesce(existing_files_count + deleted_files_count, 0) = 0)
  group by manifest_path
  order by manifest_path
) to $destination ({{manifest_list_format}})
