-- @name test/left_rows
-- What: the rows of a table that a deletion leaves.
select * from {{table}} where (
{{condition}}
) is not true
