-- @name changes/stored_otherwise
-- What: a Parquet file that stores a column in another type than its table has it now.
-- @param $files VARCHAR[] paths of Parquet files
-- @param $field_id INTEGER field id of the column
-- @param $stored_type VARCHAR Parquet's physical type for the column's type now; of a decimal DuckDB's type: where its digits differ, so may its width in memory
-- @returns path VARCHAR (at most one row)
select file_name as path
from parquet_schema($files)
where field_id = $field_id
  and if(starts_with($stored_type, 'DECIMAL'), duckdb_type, type) is distinct from $stored_type
order by file_name
limit 1
