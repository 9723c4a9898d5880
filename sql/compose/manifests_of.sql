-- @name compose/manifests_of
-- What: the manifests of a snapshot.
-- @param $manifest_list VARCHAR the snapshot's manifest list
-- @returns manifest_path VARCHAR, partition_spec_id INTEGER, content INTEGER (0 data, 1 deletes), added_snapshot_id VARCHAR, live_files BIGINT
select
  manifest_path,
  partition_spec_id,
  content,
  added_snapshot_id::varchar as added_snapshot_id,
  -- All counts 0 means unknown: so DuckDB carries on the manifests of a format version 1 table.
  case when added_files_count + existing_files_count + deleted_files_count = 0 then 1 else added_files_count + existing_files_count end::bigint as live_files
from read_avro($manifest_list)
order by sequence_number, manifest_path
