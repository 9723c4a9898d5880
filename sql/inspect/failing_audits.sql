-- @name inspect/failing_audits
-- What: the audits that found rows in the newest session of each process that any audit found rows in.
-- @param $rows_max BIGINT rows of an audit that are shown, at most
-- @returns process_name VARCHAR, psyberg_session_id VARCHAR, audit_name VARCHAR, severity VARCHAR, failing_rows VARCHAR NULL, sample VARCHAR[] (JSON, a row each)
with newest as (
  select *
  from {{failure_table}}
  qualify dense_rank() over (partition by process_name order by psyberg_session_id desc) = 1
)
select
  process_name,
  psyberg_session_id,
  audit_name,
  any_value(severity) as severity,
  max(failing_rows)::varchar as failing_rows,
  coalesce(list(failing_row order by failing_row)[:$rows_max], []) as sample
from newest
group by process_name, psyberg_session_id, audit_name
order by process_name, audit_name
