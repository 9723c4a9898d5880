-- @name tables/zero_keys
-- What: a file of equality deletes that names 0 in one of {{numbers}}, its keys that are floating-point numbers.
-- @param $files VARCHAR[] paths of Parquet files
-- @returns path VARCHAR (at most one row)
select filename as path
from read_parquet($files, schema = {{file_columns}}, filename = true)
where 0 in ({{numbers}})
limit 1
