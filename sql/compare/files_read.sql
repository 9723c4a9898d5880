-- @name compare/files_read
-- What: the files of a folder that published sessions of a process have read, as they were when they were read last.
-- @param $process_name VARCHAR
-- @param $session BIGINT the watermark
-- @param $others VARCHAR[] other folders of the process
-- @returns path VARCHAR, bytes BIGINT NULL, modified_us BIGINT NULL, etag VARCHAR NULL, readings BIGINT
select
  path,
  max_by(bytes, session_number) as bytes,
  max_by(epoch_us(modified_at), session_number) as modified_us,
  max_by(etag, session_number) as etag,
  count(*) as readings
from {{file_table}}
where process_name = $process_name
  and session_number <= $session
  and src_files not in (select unnest($others))
group by path
order by path
