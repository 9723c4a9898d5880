-- @name compile/session_query
-- What: the process's own query over the rows of this session, as a plan shows it; what a session runs has it inside.
-- @param $psyberg_session_id VARCHAR (perhaps inside {{query}})
-- @param $process_name VARCHAR (perhaps inside {{query}})
-- @param $landed_at TIMESTAMPTZ when the session landed its files (perhaps inside {{query}})
-- @param $first_hour TIMESTAMP start of the first hour (perhaps inside {{query}})
-- @param $last_hour TIMESTAMP start of the last hour (perhaps inside {{query}})
-- @param $range_start TIMESTAMP first instant of the rows (perhaps inside {{sources}}, {{query}})
-- @param $range_end TIMESTAMP first instant after them (perhaps inside {{sources}}, {{query}})
-- @param $hours BIGINT[] hours since 1970-01-01T00:00:00Z, where only some of the range are read (perhaps inside {{sources}}, {{query}})
-- @param $previous_start TIMESTAMP start of the hour before, for `previous` (perhaps inside {{sources}})
with {{sources}}
select * from (
{{query}}
)
