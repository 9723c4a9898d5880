-- @name compose/list_totals
-- What: what a snapshot's summary counts, from its manifest list alone.
-- @param $manifest_list VARCHAR
-- @param $snapshot_id VARCHAR the snapshot: its own manifests say what it added and removed
-- @returns total_files, total_rows, added_files, added_rows, removed_files, removed_rows; all BIGINT
select
  coalesce(sum(added_files_count + existing_files_count) filter (content = 0), 0)::bigint as total_files,
  coalesce(sum(added_rows_count + existing_rows_count) filter (content = 0), 0)::bigint as total_rows,
  coalesce(sum(added_files_count) filter (content = 0 and added_snapshot_id = $snapshot_id::bigint), 0)::bigint as added_files,
  coalesce(sum(added_rows_count) filter (content = 0 and added_snapshot_id = $snapshot_id::bigint), 0)::bigint as added_rows,
  coalesce(sum(deleted_files_count) filter (content = 0 and added_snapshot_id = $snapshot_id::bigint), 0)::bigint as removed_files,
  coalesce(sum(deleted_rows_count) filter (content = 0 and added_snapshot_id = $snapshot_id::bigint), 0)::bigint as removed_rows
from read_avro($manifest_list)
