-- @name spark/what_differs_on_spark
-- What: fragments/what_differs for Spark, which would read a relation as often as it is named.
select
  cast(coalesce(sum(abs(psyberg_surplus)), 0) as bigint) as rows_differing,
  coalesce({{sums_differ}}, false) as values_differ
from (
  select sum(psyberg_side) as psyberg_surplus{{sums}}
  from psyberg_both
  group by {{exact_columns}}
) as psyberg_counted
