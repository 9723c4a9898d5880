-- @name changes/files_without_ids
-- What: Parquet files without field ids: written before their table became an Iceberg table, and read by column name.
-- @param $files VARCHAR[] paths of Parquet files
-- @returns path VARCHAR
select given.path
from parquet_schema($files) as columns
join (select unnest($files) as path) as given on plain_path(given.path) = columns.file_name
group by given.path
having count(columns.field_id) = 0
