-- @name test/rows_without
-- What: all rows of a table without one of its columns.
select * exclude ({{column}}) from {{table}}
