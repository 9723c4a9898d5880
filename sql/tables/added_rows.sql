-- @name tables/added_rows
-- What: how many rows a snapshot added, from its manifest list alone.
-- @param $manifest_list VARCHAR
-- @param $snapshot_id BIGINT the snapshot
-- @returns rows BIGINT
select coalesce(sum(added_rows_count), 0)::bigint as rows
from manifest_list($manifest_list)
where content = 0
  and added_snapshot_id = $snapshot_id
