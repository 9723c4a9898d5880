-- @name test/columns
-- What: no row of a query or table, for its columns.
select * from {{from}} limit 0
