-- @name compile/hours_around
-- What: separate hours with those before and after each of them, none twice: neighbours whose surroundings meet are walked together.
-- @param $hours BIGINT[] hours since 1970-01-01T00:00:00Z
select unnest(range(min(hour) - {{before_hours}}, max(hour) + {{after_hours}} + 1)) as hour
from (
  select hour, count(*) filter (is_apart) over (order by hour) as island
  from (
    select hour, hour - lag(hour) over (order by hour) > {{before_hours}} + {{after_hours}} + 1 as is_apart
    from (select unnest($hours) as hour) as given
  ) as gaps
) as islands
group by island
