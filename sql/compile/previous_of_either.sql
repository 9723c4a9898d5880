-- @name compile/previous_of_either
-- What: where an hour that may follow hours which stay as they are finds the hour before: among what this session computed, or else in the target.
-- @param $computed_before BOOLEAN whether this session computed the hour before
select *
from {{hours}}
where $computed_before
union all by name
select *
from {{target}}
where not $computed_before
