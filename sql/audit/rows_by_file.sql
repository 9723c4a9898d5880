-- @name audit/rows_by_file
-- What: the rows of a relation of `path` and `hour` (as fragments/file_and_hour gives them), file by file.
-- @param $previous_start TIMESTAMP (perhaps inside {{rows}})
-- @param $range_start TIMESTAMP (perhaps inside {{rows}})
-- @param $range_end TIMESTAMP (perhaps inside {{rows}})
-- @param $hours BIGINT[] (perhaps inside {{rows}})
-- @returns alias VARCHAR, path VARCHAR, rows BIGINT, first_hour BIGINT NULL, last_hour BIGINT NULL (hours since 1970 of its rows)
select {{alias}} as alias, path, count(*) as rows, cast(min(hour) as bigint) as first_hour, cast(max(hour) as bigint) as last_hour
from {{rows}} as read
group by path
