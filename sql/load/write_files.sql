-- @name load/write_files
-- What: the process's own query over the rows of this session, written as data files of the target: its columns, types and field ids, one
--       folder a partition. The files are staged by the manifest that tables/write_file_manifest makes of what this statement returns.
-- @param $destination VARCHAR the target's data folder (or, without partitions, the path of one file)
-- @returns filename, count, file_size_bytes, column_statistics, partition_keys
copy (
  with {{sources}}
  select {{columns}}
  from (
    -- Columns that the query does not return are null; without a row, this line only names them.
    select {{no_values}} where false
    union all by name
    select * from (
{{query}}
    )
  ){{order}}
) to $destination (
  format parquet,
  compression {{compression}},
  field_ids {{field_ids}},
  return_stats{{layout}}
)
