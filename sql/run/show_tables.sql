-- @name run/show_tables
-- What: the names of tables as a query writes them: those of the warehouse, and what this connection has made
-- for itself.
-- @param $tables VARCHAR[] the tables of the warehouse, schema.table
-- @returns name VARCHAR
select unnest($tables) as name
union all
select table_name
from duckdb_tables()
where temporary
union all
select view_name
from duckdb_views()
where temporary
  and not internal
order by name
