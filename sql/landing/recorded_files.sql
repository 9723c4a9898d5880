-- @name landing/recorded_files
-- What: the files of a folder that published sessions of a process have read, each as it was read last.
-- @param $process_name VARCHAR
-- @param $session BIGINT the watermark
-- @param $others VARCHAR[] other folders of the process: what was read of them was not read of this one
-- @returns path VARCHAR, bytes BIGINT, modified_us BIGINT, etag VARCHAR NULL, read_by VARCHAR, readings BIGINT
select
  path,
  max_by(bytes, session_number) as bytes,
  max_by(epoch_us(modified_at), session_number) as modified_us,
  max_by({'etag': etag}, session_number).etag as etag,
  max_by(psyberg_session_id, session_number) as read_by,
  count(*) as readings
from {{file_table}}
where process_name = $process_name
  and session_number <= $session
  and src_files not in (select unnest($others))
group by path
order by path
