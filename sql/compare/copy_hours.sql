-- @name compare/copy_hours
-- What: the rows of some hours of a relation, with their hour.
-- @param $hours BIGINT[]
-- @param $with_none BOOLEAN also those without an event time
create or replace table {{table}} as
select {{hour}} as psyberg_hour, {{columns}}
from {{rows}}
where ({{keep}}) and (({{hour}}) in (select unnest($hours)) or ($with_none and ({{hour}}) is null))
