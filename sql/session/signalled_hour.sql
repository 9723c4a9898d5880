-- @name session/signalled_hour
-- What: the last hour that the process writing a table has announced as complete.
-- @param $signal_name VARCHAR name of that table
-- @param $state_files VARCHAR[] (perhaps inside {{signal_table}})
-- @returns hour INTEGER NULL (hours since 1970-01-01T00:00:00Z; NULL when nothing was announced)
select
  max((epoch(strptime(vtts_utc_dateint::varchar, '%Y%m%d')) // 3600)::integer + vtts_utc_hour) as hour
from {{signal_table}}
-- Compared as DuckDB compares names: a process may have written its target's in another case once.
where lower(signal_name) = lower($signal_name)
  and kind = 'complete'
