-- @name tables/manifests_of
-- What: the manifests of a snapshot.
-- @param $manifest_list VARCHAR the snapshot's manifest list
-- @returns manifest_path VARCHAR, partition_spec_id INTEGER, content INTEGER (0 data, 1 deletes), added_snapshot_id VARCHAR, live_files BIGINT
select
  manifest_path,
  partition_spec_id,
  content,
  added_snapshot_id::varchar as added_snapshot_id,
  case when is_live then greatest(coalesce(added_files_count + existing_files_count, 0), 1) else 0 end::bigint as live_files
from manifest_list($manifest_list)
order by sequence_number, manifest_path
