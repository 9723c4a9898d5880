-- @name binding/reading
-- What: some columns of a process's query over its sources, for a look at what of these it reads. It is planned and not run.
with {{sources}}
select {{columns}}
from (
{{query}}
) as psyberg_query
