-- @name inspect/folder_files_of_session
-- What: the files of a folder that a session read.
-- @param $process_name VARCHAR
-- @param $psyberg_session_id VARCHAR
-- @param $src_files VARCHAR the folder's name
-- @returns path VARCHAR
select path
from {{file_table}}
where process_name = $process_name
  and psyberg_session_id = $psyberg_session_id
  and src_files = $src_files
order by path
