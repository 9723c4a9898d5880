-- @name session/removed_files
-- What: the rows of the files that were removed, as they are stored and in the table's current columns; a side of session/differing_hours.
-- @param $removed VARCHAR[] paths of Parquet files
read_parquet($removed, schema = {{file_columns}})
