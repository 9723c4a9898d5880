-- @name state/tables_of_process
-- What: the sources and targets that sessions of a process named, in one column.
-- @param $process_name VARCHAR
-- @returns table VARCHAR
select distinct "table"
from (
  select unnest([src_table, target_table]) as "table"
  from {{session_table}}
  where process_name = $process_name
)
where "table" is not null
