-- @name maintain/watermarks
-- What: the watermarks of every process that ever published in this warehouse, whatever project it belongs to.
-- @returns process_name VARCHAR, src_table VARCHAR, table_uuid VARCHAR, snapshot_id VARCHAR, target_table_uuid VARCHAR NULL,
--          psyberg_session_id VARCHAR NULL
select
  process_name,
  src_table,
  table_uuid,
  snapshot_id::varchar as snapshot_id,
  target_table_uuid,
  psyberg_session_id
from {{high_water_mark_table}}
