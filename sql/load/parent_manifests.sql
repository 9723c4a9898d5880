-- @name load/parent_manifests
-- What: the manifests of the snapshot on which another is staged.
-- @param $parent VARCHAR its manifest list
select
  manifest_path, manifest_length, partition_spec_id, content, sequence_number, min_sequence_number, added_snapshot_id,
  added_files_count, existing_files_count, deleted_files_count, added_rows_count, existing_rows_count, deleted_rows_count, partitions
from read_avro($parent)
union all by name
