-- @name spark/previous_of_either_on_spark
-- What: compile/previous_of_either for Spark: both tables have the columns of the target, in its order.
-- @param $computed_before BOOLEAN whether this session computed the hour before
select *
from {{collected}}
where $computed_before
union all
select *
from {{target}}
where not $computed_before
