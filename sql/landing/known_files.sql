-- @name landing/known_files
-- What: how many rows of the ledger count for a process: those of sessions up to its watermark. Others are of sessions that a rollback of the target took away.
-- @param $process_name VARCHAR
-- @param $session BIGINT the watermark
-- @param $others VARCHAR[] other folders of the process
-- @returns known BIGINT, undone BOOLEAN, columns VARCHAR NULL (JSON: the types that the last session gave the columns of this folder)
select
  count(*) filter (session_number <= $session) as known,
  count(*) filter (session_number > $session) > 0 as undone,
  max_by(columns, session_number) filter (session_number <= $session and src_files not in (select unnest($others))) as columns
from {{file_table}}
where process_name = $process_name
