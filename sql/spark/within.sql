-- @name spark/within
-- What: the process's own query without the rows of hours beside the session's, as compile/within_range: what lies further away, or nowhere, is kept, and
--       refused.
-- @param $range_start TIMESTAMP first instant of the session's hours (perhaps inside {{is_near}}, {{is_inside}}, {{query}})
-- @param $range_end TIMESTAMP first instant after them (perhaps inside {{is_near}}, {{is_inside}}, {{query}})
-- @param $hours BIGINT[] hours since 1970-01-01T00:00:00Z (perhaps inside {{is_near}}, {{is_inside}}, {{query}})
select *
from (
{{query}}
) as computed
where coalesce(not {{is_near}} or {{is_inside}}, true)
