-- @name compile/compute_hour
-- What: the process's own query over one hour; `previous` is what it returned for the hour before.
-- @param $psyberg_session_id VARCHAR (perhaps inside {{query}})
-- @param $process_name VARCHAR (perhaps inside {{query}})
-- @param $first_hour TIMESTAMP start of the first hour (perhaps inside {{query}})
-- @param $last_hour TIMESTAMP start of the last hour (perhaps inside {{query}})
-- @param $range_start TIMESTAMP first instant of the rows (perhaps inside {{sources}}, {{query}})
-- @param $range_end TIMESTAMP first instant after them (perhaps inside {{sources}}, {{query}})
-- @param $hours BIGINT[] hours since 1970-01-01T00:00:00Z, where only some of the range are read (perhaps inside {{sources}}, {{query}})
-- @param $previous_start TIMESTAMP start of the hour before, for `previous` (perhaps inside {{sources}})
-- @param $computed_from TIMESTAMP start of the first hour that is computed, where `previous` is taken from two tables (perhaps inside {{sources}})
-- @param $computed_before BOOLEAN whether the session computed the hour before, where hours may stay as they are (perhaps inside {{sources}})
insert into {{hours}} by name
with {{sources}}
select * from (
{{query}}
)
