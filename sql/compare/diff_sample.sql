-- @name compare/diff_sample
-- What: some rows of a difference, the first hours first; of changed ones both sides in the same order.
-- @param $surplus INTEGER -1 the earlier side, 1 the later one
-- @param $changed BOOLEAN
-- @param $kept_rows BIGINT
select {{columns}}
from {{paired}}
where psyberg_surplus = $surplus
  and psyberg_changed = $changed
order by {{order}}
limit $kept_rows
