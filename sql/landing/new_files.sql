-- @name landing/new_files
-- What: of the files that are there, those that no published session of the process has read, and those that are others than the ones that were read. One of
--       the same size whose time was cut to a second or a millisecond was copied there and back.
-- @param $files VARCHAR JSON, an array of objects with path, bytes, modified_us and etag
-- @param $process_name VARCHAR
-- @param $session BIGINT the watermark
-- @param $others VARCHAR[] other folders of the process: what was read of them was not read of this one
-- @returns path VARCHAR, read_bytes BIGINT NULL, read_by VARCHAR NULL (the session that read it; NULL for a new file)
with found as (
  select unnest(from_json($files, '[{"path":"VARCHAR","bytes":"BIGINT","modified_us":"BIGINT","etag":"VARCHAR"}]'), recursive := true)
),
-- A file may have been read again after it changed: the last time counts.
last_read as (
  select path, max_by({'bytes': bytes, 'us': epoch_us(modified_at), 'etag': etag, 'psyberg_session_id': psyberg_session_id}, session_number) as it
  from {{file_table}}
  where process_name = $process_name
    and session_number <= $session
    and src_files not in (select unnest($others))
  group by path
)
select
  found.path,
  it.bytes as read_bytes,
  it.psyberg_session_id as read_by
from found
left join last_read on last_read.path = found.path
where it is null
  or it.bytes <> found.bytes
  or it.us is null
  or found.modified_us not in (it.us, it.us // 1000000 * 1000000, it.us // 1000 * 1000)
  or it.etag is distinct from found.etag
order by found.path
