-- @name compare/differences
-- What: how many rows differ in each hour.
-- @returns hour BIGINT NULL, missing BIGINT, extra BIGINT
select
  psyberg_hour as hour,
  count(*) filter (psyberg_surplus < 0) as missing,
  count(*) filter (psyberg_surplus > 0) as extra
from {{differing}}
group by all
order by hour
