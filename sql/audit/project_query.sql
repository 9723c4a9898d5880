-- @name audit/project_query
-- What: the project's own audit: its query selects the bad rows. It sees the source aliases, `staged` and `target`.
with {{sources}}
select * from (
{{query}}
)
