-- @name state/count_rows
-- What: how many rows of a process a state table has.
-- @param $process_name VARCHAR
-- @returns rows BIGINT
select count(*) as rows
from {{table}}
where process_name = $process_name
