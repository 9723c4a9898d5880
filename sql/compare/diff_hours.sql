-- @name compare/diff_hours
-- What: how many rows came, went and changed in each hour; a changed one counts where it is now.
-- @returns hour BIGINT NULL, added BIGINT, removed BIGINT, changed BIGINT
select
  psyberg_hour as hour,
  count(*) filter (psyberg_surplus > 0 and not psyberg_changed) as added,
  count(*) filter (psyberg_surplus < 0 and not psyberg_changed) as removed,
  count(*) filter (psyberg_surplus > 0 and psyberg_changed) as changed
from {{paired}}
group by all
having added + removed + changed > 0
order by hour
