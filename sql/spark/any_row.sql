-- @name spark/any_row
-- What: one row if a query returns any.
-- @returns one BIGINT
select cast(1 as bigint) as one
from (
{{query}}
)
limit 1
