-- @name spark/accepted_values_on_spark
-- What: audit/accepted_values for Spark: staged rows whose column holds another value than the accepted ones. The texts
--       become values of the column's own type, where it is known: by itself Spark compares a float or a decimal with a text as double-precision numbers, by
--       which 0.1 is another one and long ones are the same. Zero rows = pass.
-- @param $values VARCHAR[] the accepted values as texts
with accepted as (
  select explode($values) as value
)
select staged.*
from {{staged}} as staged
anti join accepted on staged.{{column}} = {{value}}
where staged.{{column}} is not null
