-- @name look/query_rows
-- What: what the process's query returns for the rows of this session, as many rows as are shown.
-- @param $row_limit BIGINT as many at most
-- @param $psyberg_session_id VARCHAR (perhaps inside {{query}})
-- @param $process_name VARCHAR (perhaps inside {{query}})
-- @param $landed_at TIMESTAMPTZ when the session landed its files (perhaps inside {{query}})
-- @param $first_hour TIMESTAMP start of the first hour (perhaps inside {{query}})
-- @param $last_hour TIMESTAMP start of the last hour (perhaps inside {{query}})
-- @param $range_start TIMESTAMP first instant of the rows (perhaps inside {{query}})
-- @param $range_end TIMESTAMP first instant after them (perhaps inside {{query}})
-- @param $hours BIGINT[] hours since 1970-01-01T00:00:00Z, where only some of the range are read (perhaps inside {{query}})
select * from (
{{query}}
)
limit $row_limit
