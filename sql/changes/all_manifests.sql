-- @name changes/all_manifests
-- What: every manifest of a snapshot that may hold live files, for a first load.
-- @param $manifest_list VARCHAR the snapshot's manifest list
-- @returns manifest_path VARCHAR, partition_spec_id INTEGER, content INTEGER (0 data, 1 deletes), snapshot_id VARCHAR, sequence_number VARCHAR,
--          mixed BOOLEAN (holds entries that are not additions)
select
  manifest_path,
  partition_spec_id,
  content,
  added_snapshot_id::varchar as snapshot_id,
  sequence_number::varchar as sequence_number,
  coalesce(existing_files_count + deleted_files_count > 0 or added_files_count = 0, true) as mixed
from manifest_list($manifest_list)
where is_live
order by all
