-- @name compose/write_staged_list
-- What: the manifest list of the rows that a session staged: the manifests that its inserts added, and nothing else.
-- @param $manifest_list VARCHAR the branch's list
-- @param $insert_snapshot_ids VARCHAR[] the snapshots of its inserts
-- @param $destination VARCHAR path of the new manifest list
-- @returns Count BIGINT
copy (
  select
    manifest_path, manifest_length, partition_spec_id, content, sequence_number, min_sequence_number, added_snapshot_id,
    added_files_count, existing_files_count, deleted_files_count, added_rows_count, existing_rows_count, deleted_rows_count, partitions
  from read_avro($manifest_list)
  where added_snapshot_id in (select unnest($insert_snapshot_ids::bigint[]))
  order by manifest_path
) to $destination ({{manifest_list_format}})
