-- @name changes/changed_manifests
-- What: the manifests that the new snapshots added, from those snapshots' own manifest lists. A manifest of an older snapshot is not news.
-- @param $manifest_lists VARCHAR[] the manifest lists of the new snapshots
-- @param $snapshot_ids VARCHAR[] ids of the new snapshots
-- @returns manifest_path VARCHAR, partition_spec_id INTEGER, content INTEGER (0 data, 1 deletes), snapshot_id VARCHAR, sequence_number VARCHAR,
--          mixed BOOLEAN (holds entries that are not additions)
select distinct
  manifest_path,
  partition_spec_id,
  content,
  added_snapshot_id::varchar as snapshot_id,
  sequence_number::varchar as sequence_number,
  coalesce(existing_files_count + deleted_files_count > 0 or added_files_count = 0, true) as mixed
from manifest_list($manifest_lists)
where added_snapshot_id in (select unnest($snapshot_ids::bigint[]))
order by all
