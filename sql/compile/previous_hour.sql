-- @name compile/previous_hour
-- What: the target's rows of the hour before, as staged by this session if it computed that hour.
-- @param $previous_start TIMESTAMP start of the hour before
-- @param $range_start TIMESTAMP start of the hour being computed
select {{columns}}
from {{target}}
where {{event_time}} >= $previous_start
  and {{event_time}} < $range_start
