-- @name changes/null_keys
-- What: a file that holds a NULL in a column, found by its field id; for files whose manifest does not count them.
-- @param $files VARCHAR[] paths of Parquet files
-- @returns path VARCHAR (at most one row)
select filename as path
from read_parquet($files, schema = {{file_columns}}, filename = true)
where {{column}} is null
limit 1
