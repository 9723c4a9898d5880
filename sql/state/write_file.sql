-- @name state/write_file
-- What: one Parquet file of a state table. Field ids are the table's own, so any engine finds the columns.
-- @param $destination VARCHAR path of the new file
-- @param $rows JSON an array (inside {{rows}})
-- @param $process_name VARCHAR (perhaps inside {{kept}})
-- @param $psyberg_session_id VARCHAR (perhaps inside {{kept}})
-- @param $replaced_files VARCHAR[] (perhaps inside {{kept}})
-- @param $session BIGINT (perhaps inside {{kept}})
-- @returns filename VARCHAR, count UBIGINT, file_size_bytes UBIGINT, footer_size_bytes UBIGINT,
--          column_statistics MAP(VARCHAR, MAP(VARCHAR, VARCHAR)), partition_keys MAP(VARCHAR, VARCHAR) NULL
copy (
  {{rows}}
  {{kept}}
) to $destination (format parquet, field_ids {{field_ids}}, return_stats)
