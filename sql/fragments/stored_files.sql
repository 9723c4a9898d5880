-- @name fragments/stored_files
-- What: the rows of files as they are stored, in the table's current columns; a relation for changes/rows_by_hour.
-- @into changes/rows_by_hour {{rows}}
-- @param $files VARCHAR[] paths of Parquet files
read_parquet($files, schema = {{file_columns}})
