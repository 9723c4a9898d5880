-- @name maintain/drop_work_table
-- What: forgets what maintenance noted in one of its tables. DuckDB drops one table at a time.
drop table if exists {{table}}
