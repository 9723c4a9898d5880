-- @name compile/hour_is_unchanged
-- What: whether the rows computed for an hour are those that the target has of it: the same rows, each as often.
-- @param $range_start TIMESTAMP start of the hour
-- @param $range_end TIMESTAMP start of the next one
-- @returns is_unchanged BOOLEAN
select coalesce(bool_and(psyberg_surplus = 0), true) as is_unchanged
from (
  select * exclude (psyberg_side), sum(psyberg_side) as psyberg_surplus
  from (
    select {{columns}}, 1 as psyberg_side
    from {{hours}}
    where {{event_time}} >= $range_start
      and {{event_time}} < $range_end
    union all
    select {{columns}}, -1
    from {{target}}
    where {{event_time}} >= $range_start
      and {{event_time}} < $range_end
  ) as both_sides
  group by all
) as counted
