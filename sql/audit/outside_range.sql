-- @name audit/outside_range
-- What: staged rows that lie outside the session's hours, or in none. The next session that replaces those hours would not replace
--       these rows, but add them once more. A date lies in every hour of its day: a target of dates is replaced by whole days.
-- @param $range_start TIMESTAMP first instant
-- @param $range_end TIMESTAMP first instant after it
-- @returns one BIGINT
select count(*)
from {{staged}}
where {{event_time}} is null
  or {{event_time}} < case when typeof({{event_time}}) = 'DATE' then date_trunc('day', $range_start) else $range_start end
  or {{event_time}} >= $range_end
