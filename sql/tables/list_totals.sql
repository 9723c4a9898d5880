-- @name tables/list_totals
-- What: what a snapshot's summary counts, from its manifest list alone.
-- @param $manifest_list VARCHAR
-- @param $snapshot_id VARCHAR the snapshot: its own manifests say what it added and removed
-- @param $first_row_id BIGINT the first row id of the snapshot; null below version 3
-- @returns total_files, total_rows, assigned_rows (rows in manifests that got a row id here), all BIGINT; changed_manifests (those in
--          which the snapshot added or removed files) with their changed_spec_ids and changed_contents, and delete_manifests (with live files), lists
select
  coalesce(sum(added_files_count + existing_files_count) filter (content = 0), 0)::bigint as total_files,
  coalesce(sum(added_rows_count + existing_rows_count) filter (content = 0), 0)::bigint as total_rows,
  coalesce(sum(added_rows_count + existing_rows_count) filter (content = 0 and first_row_id >= $first_row_id::bigint), 0)::bigint as assigned_rows,
  list(manifest_path order by manifest_path) filter (added_snapshot_id = $snapshot_id::bigint and added_files_count + deleted_files_count > 0) as changed_manifests,
  list(partition_spec_id order by manifest_path) filter (added_snapshot_id = $snapshot_id::bigint and added_files_count + deleted_files_count > 0) as changed_spec_ids,
  list(content order by manifest_path) filter (added_snapshot_id = $snapshot_id::bigint and added_files_count + deleted_files_count > 0) as changed_contents,
  list(manifest_path order by manifest_path) filter (content = 1 and added_files_count + existing_files_count > 0) as delete_manifests
from manifest_list($manifest_list)
