-- @name test/insert_query
-- What: rows of a query, by the names of its columns.
insert into {{table}} by name select * from (
{{query}}
)
