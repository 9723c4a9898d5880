-- @name compare/not_near
-- What: differing rows without the pairs, one of each side, that are the same but for the last digits of floating-point numbers: sums of them depend on the order
--       of their rows.
create or replace table {{table}} as
with placed as (
  select *, row_number() over (partition by psyberg_surplus, psyberg_hour{{others}} order by {{floats}}) as psyberg_place
  from {{differing}}
)
select * exclude (psyberg_place)
from placed
window pair as (partition by psyberg_hour{{others}}, psyberg_place)
qualify not (count(*) over pair = 2 and {{near}})
