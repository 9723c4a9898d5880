-- @name test/deleted_rows
-- What: the rows of a table that a deletion takes.
select * from {{table}} where (
{{condition}}
)
