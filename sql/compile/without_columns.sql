-- @name compile/without_columns
-- What: the process's own query without the columns that its target does not have (on_schema_change: ignore).
select * exclude ({{columns}})
from (
{{query}}
)
