-- @name tables/list_totals
-- What: what a snapshot's summary counts, from its manifest list alone: a row for each manifest in which the snapshot added or removed files, one for each
--       manifest of live delete files, and one for all others.
-- @param $manifest_list VARCHAR
-- @param $snapshot_id BIGINT the snapshot: its own manifests say what it added and removed
-- @param $first_row_id BIGINT NULL the first row id of the snapshot; version 3 only
-- @returns manifest_path VARCHAR NULL (NULL: the others), partition_spec_id INTEGER NULL, content INTEGER NULL (0 data, 1 deletes), is_changed BOOLEAN,
--          files BIGINT (live data files), rows BIGINT (theirs), assigned_rows BIGINT (those of manifests that got a row id here)
select
  case when is_named then manifest_path end as manifest_path,
  case when is_named then partition_spec_id end as partition_spec_id,
  case when is_named then content end as content,
  is_changed,
  coalesce(sum(live_files) filter (content = 0), 0)::bigint as files,
  coalesce(sum(live_rows) filter (content = 0), 0)::bigint as rows,
  coalesce(sum(live_rows) filter (content = 0 and first_row_id >= next_row_id), 0)::bigint as assigned_rows
from (
  select *, is_changed or (content = 1 and live_files > 0) as is_named
  from (
    select
      manifest_path,
      partition_spec_id,
      content,
      list.first_row_id,
      added_files_count + existing_files_count as live_files,
      added_rows_count + existing_rows_count as live_rows,
      asked.first_row_id as next_row_id,
      coalesce(added_snapshot_id = asked.snapshot_id and added_files_count + deleted_files_count > 0, false) as is_changed
    from manifest_list($manifest_list) as list,
      (select $snapshot_id::bigint as snapshot_id, $first_row_id::bigint as first_row_id) as asked
  )
)
group by all
order by manifest_path
