-- @name changes/files_without_field
-- What: a Parquet file that has no column of a field id.
-- @param $files VARCHAR[] paths of Parquet files
-- @param $field_id INTEGER
-- @returns path VARCHAR (at most one row)
select path
from (select unnest($files) as path) as given
where plain_path(path) not in (select file_name from parquet_schema($files) where field_id = $field_id)
order by path
limit 1
