-- @name test/delete
-- What: rows of an earlier arrival go.
delete from {{table}} where (
{{condition}}
)
