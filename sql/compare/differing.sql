-- @name compare/differing
-- What: the rows of which one side has more than the other, one for each that is too many. psyberg_surplus is 1 for what was found and not expected, -1 for what
--       was expected and not found.
create or replace table {{table}} as
with counted as (
  select psyberg_hour, {{columns}}, sum(psyberg_side)::bigint as psyberg_difference
  from (
    select psyberg_hour, {{columns}}, 1 as psyberg_side from {{found}}
    union all
    select psyberg_hour, {{columns}}, -1 as psyberg_side from {{expected}}
  )
  group by all
  having sum(psyberg_side) <> 0
)
select psyberg_hour, {{columns}}, sign(psyberg_difference)::integer as psyberg_surplus
from (select *, unnest(range(abs(psyberg_difference))) as psyberg_copy from counted)
