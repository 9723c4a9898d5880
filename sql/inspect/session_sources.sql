-- @name inspect/session_sources
-- What: of the newest published sessions of each process, what each source brought: the partitions that were processed and the hours. A list of partitions
--       that is very long is left out.
-- @param $per_process BIGINT sessions of a process, at most
-- @param $text_max BIGINT characters of a list, at most
-- @returns process_name VARCHAR, psyberg_session_id VARCHAR, src_table VARCHAR, partitions BIGINT, processing_uris VARCHAR NULL (JSON array; NULL: too long), first_hour VARCHAR NULL,
--          last_hour VARCHAR NULL, source_snapshot_id BIGINT NULL, target_snapshot_id BIGINT NULL,
--          hours_written VARCHAR NULL (JSON), new_files BIGINT NULL
select
  process_name,
  psyberg_session_id,
  src_table,
  coalesce(json_array_length(processing_uris), 0)::bigint as partitions,
  case when length(processing_uris) <= $text_max then processing_uris end as processing_uris,
  strftime(from_event_date + to_hours(from_event_hour), '%Y-%m-%dT%H:%M:%SZ') as first_hour,
  strftime(to_event_date + to_hours(to_event_hour), '%Y-%m-%dT%H:%M:%SZ') as last_hour,
  source_snapshot_id,
  target_snapshot_id,
  hours_written,
  new_files
from (
  from {{session_table}}
  union all by name
  -- A table that an earlier release made has no such columns before the next session is recorded.
  select null::varchar as hours_written, null::bigint as new_files where false
) as recorded
where status = 'published'
qualify dense_rank() over (partition by process_name order by psyberg_session_id desc) <= $per_process
order by process_name, psyberg_session_id, src_table
