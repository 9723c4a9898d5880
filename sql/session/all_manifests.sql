-- @name session/all_manifests
-- What: every manifest of a snapshot that may hold live files, for a first load. Where all counts are 0 they are unknown: DuckDB carries the manifests of a
--       format version 1 table on that way, and passing those over would lose their rows.
-- @param $manifest_list VARCHAR the snapshot's manifest list
-- @returns manifest_path VARCHAR, partition_spec_id INTEGER, content INTEGER (0 data, 1 deletes), snapshot_id VARCHAR, mixed BOOLEAN (holds entries that are not additions)
select
  manifest_path,
  partition_spec_id,
  content,
  added_snapshot_id::varchar as snapshot_id,
  coalesce(existing_files_count + deleted_files_count > 0 or added_files_count = 0, true) as mixed
from read_avro($manifest_list)
where coalesce(added_files_count + existing_files_count > 0 or deleted_files_count = 0, true)
order by all
