-- @name state/watermarks_of_process
-- What: the watermarks of a process from the table, the second copy of what the target's summary says.
-- @param $process_name VARCHAR
-- @param $state_files VARCHAR[] (perhaps inside {{high_water_mark_table}})
-- @returns table VARCHAR, table_uuid VARCHAR, snapshot_id VARCHAR, sequence_number VARCHAR, committed_at VARCHAR, owed VARCHAR NULL (as JSON),
--          newest_hour VARCHAR NULL, total_records VARCHAR NULL, target_table_uuid VARCHAR NULL, complete_to_hour VARCHAR NULL,
--          psyberg_session_id VARCHAR NULL
select
  src_table as "table",
  table_uuid,
  snapshot_id::varchar as snapshot_id,
  sequence_number::varchar as sequence_number,
  strftime(high_water_mark_ts, '%Y-%m-%dT%H:%M:%S.%gZ') as committed_at,
  owed_hours as owed,
  newest_hour,
  total_records::varchar as total_records,
  target_table_uuid,
  complete_to_hour,
  psyberg_session_id
from {{high_water_mark_table}}
where process_name = $process_name
