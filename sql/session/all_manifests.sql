-- @name session/all_manifests
-- What: every manifest of a snapshot, for a first load.
-- @param $manifest_list VARCHAR the snapshot's manifest list
-- @returns manifest_path VARCHAR, partition_spec_id INTEGER, content INTEGER (0 data, 1 deletes), snapshot_id VARCHAR, mixed BOOLEAN (holds entries that are not additions)
select
  manifest_path,
  partition_spec_id,
  content,
  added_snapshot_id::varchar as snapshot_id,
  existing_files_count + deleted_files_count > 0 as mixed
from read_avro($manifest_list)
where added_files_count + existing_files_count > 0
order by all
