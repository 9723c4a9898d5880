-- @name compare/sample
-- What: some differing rows of one side, the first hours first.
-- @param $surplus INTEGER -1 expected and not found, 1 found and not expected
-- @param $kept_rows BIGINT
select {{columns}}
from {{differing}}
where psyberg_surplus = $surplus
order by {{order}}
limit $kept_rows
