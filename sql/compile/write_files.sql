-- @name compile/write_files
-- What: the process's own query over the rows of this session, written as data files of the target: its columns, types and field ids, one
--       folder a partition. The files are staged by the manifest that tables/write_file_manifest makes of what this statement returns.
-- @param $destination VARCHAR the target's data folder (or, without partitions, the path of one file)
-- @param $psyberg_session_id VARCHAR (perhaps inside {{query}})
-- @param $process_name VARCHAR (perhaps inside {{query}})
-- @param $landed_at TIMESTAMPTZ when the session landed its files (perhaps inside {{query}})
-- @param $first_hour TIMESTAMP start of the first hour (perhaps inside {{query}})
-- @param $last_hour TIMESTAMP start of the last hour (perhaps inside {{query}})
-- @param $range_start TIMESTAMP first instant of the rows (perhaps inside {{sources}}, {{query}})
-- @param $range_end TIMESTAMP first instant after them (perhaps inside {{sources}}, {{query}})
-- @param $hours BIGINT[] hours since 1970-01-01T00:00:00Z, where only some of the range are read (perhaps inside {{sources}}, {{query}})
-- @param $first_hours BIGINT[] of the replaced intervals, where rows are carried over (perhaps inside {{query}})
-- @param $last_hours BIGINT[] of the same (perhaps inside {{query}})
-- @returns filename VARCHAR, count UBIGINT, file_size_bytes UBIGINT, footer_size_bytes UBIGINT,
--          column_statistics MAP(VARCHAR, MAP(VARCHAR, VARCHAR)), partition_keys MAP(VARCHAR, VARCHAR) NULL
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
  -- Half of DuckDB's own size: of each partition rows wait in memory until their group is full. A session of 20,000,000
  -- rows in 14 hours: 618 MB resident at most in place of 767, and 18.5 s of CPU in place of 21.5 (2026-11-29).
  row_group_size 61440,
  field_ids {{field_ids}},
  return_stats{{layout}}
)
