-- @name compile/source_range
-- What: the rows of a source whose event time lies in the session's hours. The bounds are bound values, so DuckDB prunes files by them.
-- @param $range_start TIMESTAMP first instant (inside {{range_start}})
-- @param $range_end TIMESTAMP first instant after it (inside {{range_end}})
select {{columns}}
from {{source}}
where {{event_time}} >= {{range_start}}
  and {{event_time}} < {{range_end}}
