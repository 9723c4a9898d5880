-- @name state/write_file
-- What: one Parquet file of a state table. Field ids are the table's own, so any engine finds the columns.
-- @param $destination VARCHAR path of the new file
-- @returns filename, count, file_size_bytes
copy (
  {{rows}}
  {{kept}}
) to $destination (format parquet, field_ids {{field_ids}}, return_stats)
