-- @name session/hours_after
-- What: the hours after a given one in which a table has rows, in hours since 1970.
-- @param $after_hour BIGINT
-- @returns hour BIGINT
select distinct {{hour}}::bigint as hour
from {{table}}
where {{hour}} > $after_hour
