-- @name compile/column_types
-- What: the columns of the process's query over the rows of this session, each with the name of its type; and its errors: no row is read.
--       Result columns do not tell: there a NULL without a type is an INTEGER, and JSON a VARCHAR.
-- @param $psyberg_session_id VARCHAR (perhaps inside {{query}})
-- @param $process_name VARCHAR (perhaps inside {{query}})
-- @param $landed_at TIMESTAMPTZ when the session landed its files (perhaps inside {{query}})
-- @param $first_hour TIMESTAMP start of the first hour (perhaps inside {{query}})
-- @param $last_hour TIMESTAMP start of the last hour (perhaps inside {{query}})
-- @param $range_start TIMESTAMP first instant of the rows (perhaps inside {{sources}}, {{query}})
-- @param $range_end TIMESTAMP first instant after them (perhaps inside {{sources}}, {{query}})
-- @param $hours BIGINT[] hours since 1970-01-01T00:00:00Z, where only some of the range are read (perhaps inside {{sources}})
-- @param $previous_start TIMESTAMP start of the hour before, for `previous` (perhaps inside {{sources}})
with {{sources}}
select typeof(columns(asked.*))
from (select 1 as one)
left join (
select * from (
{{query}}
)
limit 0
) as asked on true
