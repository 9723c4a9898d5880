-- @name spark/accepted_values_on_spark
-- What: audit/accepted_values for Spark: staged rows whose column holds another value than the accepted ones. Compared with a column of another type, a
--       text becomes a value of that type. Zero rows = pass.
-- @param $values VARCHAR[] the accepted values as texts
with accepted as (
  select explode($values) as value
)
select staged.*
from {{staged}} as staged
anti join accepted on staged.{{column}} = accepted.value
where staged.{{column}} is not null
