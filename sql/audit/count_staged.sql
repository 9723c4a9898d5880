-- @name audit/count_staged
-- What: rows that the session staged, and those of them that lie outside its hours. It runs where what the writer counted does not tell.
-- @param $range_start TIMESTAMP first instant of the rows (perhaps inside {{rows_outside}})
-- @param $range_end TIMESTAMP first instant after them (perhaps inside {{rows_outside}})
-- @param $hours BIGINT[] hours since 1970-01-01T00:00:00Z, where only some of the range are read (perhaps inside {{rows_outside}})
-- @param $psyberg_session_id VARCHAR (perhaps inside {{rows_outside}})
-- @param $process_name VARCHAR (perhaps inside {{rows_outside}})
-- @param $landed_at TIMESTAMPTZ when the session landed its files (perhaps inside {{rows_outside}})
-- @param $first_hour TIMESTAMP start of the first hour (perhaps inside {{rows_outside}})
-- @param $last_hour TIMESTAMP start of the last hour (perhaps inside {{rows_outside}})
-- @returns rows_staged BIGINT, rows_outside BIGINT
select
  (select count(*) from {{staged}}) as rows_staged,
  cast(({{rows_outside}}) as bigint) as rows_outside
