-- @name audit/accepted_values
-- What: staged rows whose column holds another value than the accepted ones. The texts become values of the column's own type. NULL passes, as in the
--       audit of this name in dbt: `not_null` finds those. Zero rows = pass.
-- @param $values VARCHAR[] the accepted values as texts
with accepted as (
  select cast_to_type(value, (select any_value({{column}}) from {{staged}} where false)) as value
  from (select unnest($values) as value)
)
select staged.*
from {{staged}} as staged
anti join accepted on staged.{{column}} = accepted.value
where staged.{{column}} is not null
