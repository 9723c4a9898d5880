-- @name maintain/write_group_files
-- What: the rows of chosen files, one new file a group. Rows are told apart by the file that they come from, so every way of partitioning is kept as
--       it is. In format version 3 every row takes its id and the number of its last change along (Iceberg specification, "Row Lineage").
-- @param $destination VARCHAR a folder of the compaction's own in the table's data folder
-- @returns filename VARCHAR, count UBIGINT, file_size_bytes UBIGINT, footer_size_bytes UBIGINT,
--          column_statistics MAP(VARCHAR, MAP(VARCHAR, VARCHAR)), partition_keys MAP(VARCHAR, VARCHAR) NULL
copy (
  select {{columns}}{{row_lineage}}, psyberg_group
  from {{table}} as file_rows
  -- The table's columns may have the names of those of the groups.
  join (select path as psyberg_path, group_id as psyberg_group from maintain_groups) as chosen
    on plain_path(chosen.psyberg_path) = plain_path(file_rows.filename)
) to $destination (
  format parquet,
  compression {{compression}},
  field_ids {{field_ids}},
  return_stats,
  partition_by (psyberg_group),
  filename_pattern '{uuidv7}',
  overwrite_or_ignore
)
