-- @name spark/without_rows
-- What: a query of which only what it reads is asked for: of the same plan as it was resolved, with nothing to plan the reading of.
select *
from (
{{query}}
)
where false
