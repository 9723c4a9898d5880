-- @name state/sessions_of_target
-- What: the sessions that published to a table, a row for each source, oldest first. A session table of an earlier release lacks the columns that came
--       since: they are NULL then.
-- @param $target_table VARCHAR
-- @param $process_names VARCHAR[] NULL of these processes alone; NULL: of all
-- @returns process_name VARCHAR, psyberg_session_id VARCHAR, pattern VARCHAR, status VARCHAR, src_table VARCHAR, source_snapshot_id BIGINT NULL,
--          first_hour VARCHAR NULL, last_hour VARCHAR NULL (of event times, as texts), target_snapshot_id BIGINT NULL, created_at VARCHAR,
--          sql_fingerprint VARCHAR NULL, hours_written VARCHAR NULL, audits VARCHAR NULL (both as JSON), trigger VARCHAR NULL
with sessions as (
  select *
  from {{session_table}}
  union all by name
  select
    null::varchar as sql_fingerprint,
    null::varchar as hours_written,
    null::varchar as audits,
    null::varchar as "trigger"
  where false
)
select
  process_name,
  psyberg_session_id,
  pattern,
  status,
  src_table,
  source_snapshot_id,
  strftime(from_event_date, '%Y-%m-%dT') || printf('%02d:00:00Z', from_event_hour) as first_hour,
  strftime(to_event_date, '%Y-%m-%dT') || printf('%02d:00:00Z', to_event_hour) as last_hour,
  target_snapshot_id,
  strftime(created_at, '%Y-%m-%dT%H:%M:%S.%gZ') as created_at,
  sql_fingerprint,
  hours_written,
  audits,
  "trigger"
from sessions
where lower(target_table) = lower($target_table)
  and status in ('published', 'adopted')
  and ($process_names is null or list_contains($process_names, process_name))
order by psyberg_session_id, src_table
