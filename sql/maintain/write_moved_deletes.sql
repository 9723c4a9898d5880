-- @name maintain/write_moved_deletes
-- What: a Parquet file of positional deletes for the new folder of a warehouse, in the same order (Iceberg specification, "Position Delete Files").
--       Copies of the deleted rows, which are optional and nobody reads, are left out.
-- @param $file VARCHAR the file as it was
-- @param $former VARCHAR the former folder
-- @param $present VARCHAR the folder now
-- @param $destination VARCHAR path of the new file
-- @returns Count BIGINT
copy (
  select moved_path(file_path, $former, $present) as file_path, pos
  from read_parquet($file, file_row_number = true)
  order by file_row_number
) to $destination (format parquet, field_ids {file_path: 2147483546, pos: 2147483545})
