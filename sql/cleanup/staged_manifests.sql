-- @name cleanup/staged_manifests
-- What: the manifests that only an abandoned session's snapshots hold.
-- @param $manifest_lists VARCHAR[] the lists of its snapshots
-- @param $snapshot_ids VARCHAR[] their ids
-- @returns manifest_path VARCHAR, adds BOOLEAN (it lists data files that the session wrote)
select distinct
  manifest_path,
  added_files_count > 0 as adds
from read_avro($manifest_lists)
where added_snapshot_id in (select unnest($snapshot_ids::bigint[]))
