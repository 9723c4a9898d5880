-- @name spark/whole_query
-- What: a process's query over rows of whole tables, which its aliases name, without columns that its target does not have.
with {{sources}}
select {{columns}}
from (
{{query}}
) as psyberg_result
where {{keep}}
