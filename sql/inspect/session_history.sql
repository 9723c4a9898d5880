-- @name inspect/session_history
-- What: the newest sessions, newest first, as one text: of ten thousand it is read in a tenth of the time that they take value by value. An object a session; its
--       sources side by side.
-- @param $process_name VARCHAR NULL of every process without it
-- @param $row_limit BIGINT
-- @returns sessions VARCHAR (JSON, an array of the objects of psyberg history; error is JSON text in it, new_files and new_bytes are of all sources together),
--          total BIGINT (how many there are, whatever the limit)
with sessions as (
  select
    process_name,
    psyberg_session_id,
    any_value(pattern) as pattern,
    any_value(status) as status,
    any_value(target_table) as target_table,
    any_value(target_snapshot_id)::varchar as target_snapshot_id,
    string_agg(src_table, ', ' order by src_table) as src_tables,
    min(strftime(from_event_date + to_hours(from_event_hour), '%Y-%m-%dT%H:%M:%SZ')) as first_hour,
    max(strftime(to_event_date + to_hours(to_event_hour), '%Y-%m-%dT%H:%M:%SZ')) as last_hour,
    max(rows_read)::varchar as rows_read,
    max(rows_written)::varchar as rows_written,
    any_value(created_at) as recorded_at,
    any_value(error) as error,
    -- A session of an earlier release does not say.
    coalesce(any_value(trigger), 'changes') as trigger,
    any_value(reason) as reason,
    sum(new_files)::varchar as new_files,
    sum(new_bytes)::varchar as new_bytes,
    max(files_written)::varchar as files_written,
    max(bytes_written)::varchar as bytes_written,
    count(*) over () as total
  from (
    from {{session_table}}
    union all by name
    -- A table that an earlier release made has no such columns before the next session is recorded.
    select
      null::varchar as trigger,
      null::varchar as reason,
      null::bigint as new_files,
      null::bigint as new_bytes,
      null::bigint as files_written,
      null::bigint as bytes_written
    where false
  ) as recorded
  where $process_name is null or process_name = $process_name
  group by process_name, psyberg_session_id
  order by recorded_at desc, psyberg_session_id desc, process_name desc
  limit $row_limit
)
select coalesce(
  to_json(list(
    {
      process_name: process_name,
      psyberg_session_id: psyberg_session_id,
      pattern: pattern,
      status: status,
      target_table: target_table,
      target_snapshot_id: target_snapshot_id,
      src_tables: src_tables,
      first_hour: first_hour,
      last_hour: last_hour,
      rows_read: rows_read,
      rows_written: rows_written,
      -- As many digits of a second as it has.
      created_at: regexp_replace(strftime(recorded_at at time zone 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ'), '\.?0+Z$', 'Z'),
      error: error,
      trigger: trigger,
      reason: reason,
      new_files: new_files,
      new_bytes: new_bytes,
      files_written: files_written,
      bytes_written: bytes_written
    }
    order by recorded_at desc, psyberg_session_id desc, process_name desc
  )),
  '[]'
)::varchar as sessions,
coalesce(max(total), 0)::bigint as total
from sessions
