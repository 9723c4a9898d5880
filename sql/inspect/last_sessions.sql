-- @name inspect/last_sessions
-- What: how the newest session of each process ended.
-- @returns process_name VARCHAR, psyberg_session_id VARCHAR, status VARCHAR, created_at TIMESTAMPTZ
select
  process_name,
  arg_max(psyberg_session_id, created_at) as psyberg_session_id,
  arg_max(status, created_at) as status,
  max(created_at) as created_at
from {{session_table}}
group by process_name
