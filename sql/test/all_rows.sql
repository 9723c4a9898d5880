-- @name test/all_rows
-- What: all rows of a table.
select * from {{table}}
