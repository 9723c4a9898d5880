-- @name compile/differing_hours
-- What: the computed hours whose rows are not those that the target has of them.
-- @param $hours BIGINT[] the computed hours, since 1970-01-01T00:00:00Z
-- @param $range_start TIMESTAMP start of the first of them
-- @param $range_end TIMESTAMP end of the last
-- @returns hour BIGINT
select distinct psyberg_hour as hour
from (
  select * exclude (psyberg_side), sum(psyberg_side) as psyberg_surplus
  from (
    select {{columns}}, event_hour({{stored_event_time}}, {{unit}}, false) as psyberg_hour, 1 as psyberg_side
    from {{hours}}
    union all
    select {{columns}}, event_hour({{stored_event_time}}, {{unit}}, false), -1
    from {{target}}
    where {{event_time}} >= $range_start
      and {{event_time}} < $range_end
  ) as both_sides
  where psyberg_hour in (select unnest($hours))
  group by all
) as counted
where psyberg_surplus <> 0
order by hour
