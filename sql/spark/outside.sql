-- @name spark/outside
-- What: staged rows that lie outside the session's hours, or in none, as audit/outside_range.
-- @param $range_start TIMESTAMP first instant (perhaps inside {{is_inside}})
-- @param $range_end TIMESTAMP first instant after it (perhaps inside {{is_inside}})
-- @param $hours BIGINT[] hours since 1970-01-01T00:00:00Z (perhaps inside {{is_inside}})
-- @returns one BIGINT
select count(*)
from {{staged}}
where {{event_time}} is null or not {{is_inside}}
