-- @name compile/source_hours
-- What: as compile/source_range, for separate hours: a range around them for pruning, then exactly those hours.
-- @param $range_start TIMESTAMP first instant (inside {{range_start}})
-- @param $range_end TIMESTAMP first instant after it (inside {{range_end}})
-- @param $hours BIGINT[] hours since 1970-01-01T00:00:00Z (inside {{hours}})
select {{columns}}
from {{source}}
where {{event_time}} >= {{range_start}}
  and {{event_time}} < {{range_end}}
  and event_hour({{stored_event_time}}, {{unit}}, false) in ({{hours}})
