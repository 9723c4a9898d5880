-- @name maintain/files_of_manifest
-- What: the files that a manifest lists, each once.
-- @param $manifest VARCHAR
-- @returns path VARCHAR, format VARCHAR (lower case), content INTEGER (0 data, 1 positional deletes, 2 equality deletes), is_live BOOLEAN
select
  data_file.file_path as path,
  lower(any_value(data_file.file_format)) as format,
  any_value({{content}})::integer as content,
  bool_or(status < 2) as is_live
from read_avro($manifest)
group by data_file.file_path
order by path
