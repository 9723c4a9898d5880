-- @name tables/manifests
-- What: the manifests that lists name; one that several lists name stands there as often.
-- @param $manifest_lists VARCHAR[]
-- @param $added_by BIGINT[] NULL ids of the snapshots whose manifests are asked for; NULL: all
-- @returns manifest_path VARCHAR, partition_spec_id INTEGER, content INTEGER (0 data, 1 deletes), added_snapshot_id BIGINT, sequence_number BIGINT,
--          live_files BIGINT (at least 1 where nobody knows), mixed BOOLEAN (holds entries that are not additions)
select
  manifest_path,
  partition_spec_id,
  content,
  added_snapshot_id,
  sequence_number,
  case when is_live then greatest(coalesce(added_files_count + existing_files_count, 0), 1) else 0 end::bigint as live_files,
  coalesce(existing_files_count + deleted_files_count > 0 or added_files_count = 0, true) as mixed
from manifest_list($manifest_lists)
where $added_by is null
  or list_contains($added_by, added_snapshot_id)
order by sequence_number, manifest_path
