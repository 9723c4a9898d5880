-- @name state/snapshots_read
-- What: the snapshots of a source up to which a process has read, by the sessions that it published.
-- @param $process_names VARCHAR[] the process, and the names that it had before
-- @param $src_table VARCHAR
-- @returns snapshot_id BIGINT
select distinct source_snapshot_id as snapshot_id
from {{session_table}}
where process_name in (select unnest($process_names))
  and lower(src_table) = lower($src_table)
  and status in ('published', 'adopted')
  and source_snapshot_id is not null
