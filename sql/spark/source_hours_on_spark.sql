-- @name spark/source_hours_on_spark
-- What: compile/source_hours for Spark: a range around separate hours for pruning, then exactly those, with so many before and after each.
-- @param $range_start TIMESTAMP first instant (inside {{range_start}})
-- @param $range_end TIMESTAMP first instant after it (inside {{range_end}})
-- @param $hours BIGINT[] hours since 1970-01-01T00:00:00Z
select {{columns}}
from {{source}}
where {{event_time}} >= {{range_start}}
  and {{event_time}} < {{range_end}}
  and exists($hours, given -> {{hour}} between given - {{before_hours}} and given + {{after_hours}})
