-- @name fragments/carried_deletes
-- What: delete manifests of a state table (somebody deleted rows by hand): they stay as they are.
-- @into tables/write_single_list {{carried}}
-- @param $manifest_list VARCHAR
select
  manifest_path, manifest_length, partition_spec_id, content, sequence_number, min_sequence_number, added_snapshot_id,
  added_files_count, existing_files_count, deleted_files_count, added_rows_count, existing_rows_count, deleted_rows_count, partitions
from read_avro($manifest_list)
where content = 1
union all by name
