-- @name compile/write_first_files
-- What: compile/write_files for a target that does not exist yet, as a plan can show it: columns, types, field ids and partitions are those of the
--       target that the session creates from the same query, and are filled in then.
-- @param $destination VARCHAR the target's data folder
-- @param $psyberg_session_id VARCHAR (perhaps inside {{query}})
-- @param $process_name VARCHAR (perhaps inside {{query}})
-- @param $landed_at TIMESTAMPTZ when the session landed its files (perhaps inside {{query}})
-- @param $first_hour TIMESTAMP start of the first hour (perhaps inside {{query}})
-- @param $last_hour TIMESTAMP start of the last hour (perhaps inside {{query}})
-- @param $range_start TIMESTAMP first instant of the rows (perhaps inside {{sources}}, {{query}})
-- @param $range_end TIMESTAMP first instant after them (perhaps inside {{sources}}, {{query}})
-- @param $hours BIGINT[] hours since 1970-01-01T00:00:00Z, where only some of the range are read (perhaps inside {{sources}})
-- @param $first_hours BIGINT[] of the replaced intervals, where rows are carried over (perhaps inside {{query}})
-- @param $last_hours BIGINT[] of the same (perhaps inside {{query}})
copy (
  with {{sources}}
  select * -- the columns of the new target, in its types, and the values by which its files are split
  from (
{{query}}
  )
) to $destination (
  format parquet,
  return_stats -- and the new target's compression, field ids and partitions
)
