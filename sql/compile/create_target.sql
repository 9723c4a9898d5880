-- @name compile/create_target
-- What: the target, with the columns that the process's query returns. It is created empty: rows come with the first publish.
-- @param $psyberg_session_id VARCHAR (perhaps inside {{query}})
-- @param $process_name VARCHAR (perhaps inside {{query}})
-- @param $landed_at TIMESTAMPTZ when the session landed its files (perhaps inside {{query}})
-- @param $first_hour TIMESTAMP start of the first hour (perhaps inside {{query}})
-- @param $last_hour TIMESTAMP start of the last hour (perhaps inside {{query}})
-- @param $range_start TIMESTAMP first instant of the rows (perhaps inside {{sources}}, {{query}})
-- @param $range_end TIMESTAMP first instant after them (perhaps inside {{sources}}, {{query}})
-- @param $hours BIGINT[] hours since 1970-01-01T00:00:00Z, where only some of the range are read (perhaps inside {{sources}})
-- @param $previous_start TIMESTAMP start of the hour before, for `previous` (perhaps inside {{sources}})
create table {{target}}{{partitioning}}{{properties}} as (
with {{sources}}
select * from (
{{query}}
)
) with no data
