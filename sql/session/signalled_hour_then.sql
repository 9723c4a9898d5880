-- @name session/signalled_hour_then
-- What: the last hour that was announced for a table as complete when one of its snapshots was committed.
-- @param $signal_name VARCHAR name of that table
-- @param $committed_at_ms BIGINT of the snapshot, in ms since 1970
-- @param $psyberg_session_id VARCHAR NULL of the session that made it, whose rows are written a moment later
-- @param $state_files VARCHAR[] (perhaps inside {{signal_table}})
-- @returns hour INTEGER NULL (hours since 1970-01-01T00:00:00Z; NULL when nothing was announced by then)
select
  max((epoch(strptime(vtts_utc_dateint::varchar, '%Y%m%d')) // 3600)::integer + vtts_utc_hour) as hour
from {{signal_table}}
-- Compared as DuckDB compares names: a process may have written its target's in another case once.
where lower(signal_name) = lower($signal_name)
  and kind = 'complete'
  and (epoch_ms(created_at) <= $committed_at_ms or psyberg_session_id = $psyberg_session_id)
