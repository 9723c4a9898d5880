-- @name maintain/write_group_files
-- What: the rows of chosen files, one new file a group. Rows are told apart by the file that they come from, so every way of partitioning is kept as it is.
-- @param $destination VARCHAR the table's data folder
-- @returns filename, count, file_size_bytes, column_statistics, partition_keys
copy (
  select {{columns}}, chosen.group_id as psyberg_group
  from {{table}} as file_rows
  join maintain_groups as chosen on regexp_replace(chosen.path, '^file:(//[^/]*)?', '') = regexp_replace(file_rows.filename, '^file:(//[^/]*)?', '')
) to $destination (
  format parquet,
  compression {{compression}},
  field_ids {{field_ids}},
  return_stats,
  partition_by (psyberg_group),
  filename_pattern '{uuidv7}',
  overwrite_or_ignore
)
