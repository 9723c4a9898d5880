-- @name test/changed_hours
-- What: the hours that rows change, in hours since 1970; of a date all of its day. Rows without an event time change none.
-- @returns hour BIGINT
select distinct unnest(range({{first_hour}}, {{last_hour}} + 1)) as hour
from {{table}}
where {{first_hour}} is not null
