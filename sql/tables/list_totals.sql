-- @name tables/list_totals
-- What: what a snapshot's summary counts, from its manifest list alone.
-- @param $manifest_list VARCHAR
-- @param $snapshot_id BIGINT the snapshot: its own manifests say what it added and removed
-- @param $first_row_id BIGINT NULL the first row id of the snapshot; version 3 only
-- @returns total_files BIGINT, total_rows BIGINT, assigned_rows BIGINT (rows in manifests that got a row id here),
--          changed_manifests VARCHAR[] NULL (those in which the snapshot added or removed files), changed_spec_ids INTEGER[] NULL (theirs),
--          changed_contents INTEGER[] NULL (theirs), delete_manifests VARCHAR[] NULL (with live files)
select
  coalesce(sum(added_files_count + existing_files_count) filter (content = 0), 0)::bigint as total_files,
  coalesce(sum(added_rows_count + existing_rows_count) filter (content = 0), 0)::bigint as total_rows,
  coalesce(sum(added_rows_count + existing_rows_count) filter (content = 0 and first_row_id >= $first_row_id), 0)::bigint as assigned_rows,
  list(manifest_path order by manifest_path) filter (added_snapshot_id = $snapshot_id and added_files_count + deleted_files_count > 0) as changed_manifests,
  list(partition_spec_id order by manifest_path) filter (added_snapshot_id = $snapshot_id and added_files_count + deleted_files_count > 0) as changed_spec_ids,
  list(content order by manifest_path) filter (added_snapshot_id = $snapshot_id and added_files_count + deleted_files_count > 0) as changed_contents,
  list(manifest_path order by manifest_path) filter (content = 1 and added_files_count + existing_files_count > 0) as delete_manifests
from manifest_list($manifest_list)
