-- @name session/added_files
-- What: the rows of the files that were added, as they are stored and in the table's current columns; a side of session/differing_hours.
-- @param $added VARCHAR[] paths of Parquet files
read_parquet($added, schema = {{file_columns}})
