-- @name audit/expression
-- What: staged rows for which a condition of the project is false. NULL passes, as in a CHECK of SQL. Zero rows = pass.
select *
from {{staged}}
where not (
{{condition}}
)
