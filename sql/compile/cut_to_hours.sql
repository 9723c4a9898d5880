-- @name compile/cut_to_hours
-- What: of what a query returns over whole sources the rows of the session's hours, and no others. Where the event time is a column of a source, DuckDB
--       reads no more of it than those.
-- @param $range_start TIMESTAMP first instant of the session's hours (perhaps inside {{in_hours}})
-- @param $range_end TIMESTAMP first instant after them (perhaps inside {{in_hours}})
-- @param $hours BIGINT[] hours since 1970-01-01T00:00:00Z, where only some of the range are loaded (perhaps inside {{in_hours}})
select *
from (
{{query}}
) as computed
where {{in_hours}}
