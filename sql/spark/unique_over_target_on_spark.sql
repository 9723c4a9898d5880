-- @name spark/unique_over_target_on_spark
-- What: audit/unique_over_target for Spark: staged keys that occur more than once in the whole target, as it will be. Zero rows = pass.
with staged_keys as (
  select distinct {{columns}}
  from {{staged}}
  where {{none_is_null}}
)
select {{columns}}, count(*) as occurrences
from {{target}}
left semi join staged_keys using ({{columns}})
group by {{columns}}
having count(*) > 1
