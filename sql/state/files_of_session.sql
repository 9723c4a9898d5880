-- @name state/files_of_session
-- What: those of a process's live files that hold rows of one session, and whether they hold others beside.
-- @param $state_files VARCHAR[]
-- @param $psyberg_session_id VARCHAR
-- @returns path VARCHAR, holds_others BOOLEAN
select
  as_stored(filename) as path,
  bool_or(psyberg_session_id <> $psyberg_session_id) as holds_others
from read_parquet($state_files, filename = true)
group by filename
having bool_or(psyberg_session_id = $psyberg_session_id)
