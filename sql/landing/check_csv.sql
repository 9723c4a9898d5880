-- @name landing/check_csv
-- What: reads one CSV and keeps nothing of it, with its columns by their places and nothing guessed: DuckDB then names the line that does not fit.
-- @param $file VARCHAR
-- @returns rows BIGINT
select count(*) as rows
from read_csv($file{{options}})
