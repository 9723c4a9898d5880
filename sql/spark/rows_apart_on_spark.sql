-- @name spark/rows_apart_on_spark
-- What: audit/rows_apart for Spark.
-- @returns rows_differing BIGINT, values_differ BOOLEAN
with psyberg_both as (
  select {{columns}}, 1 as psyberg_side
  from (
{{whole}}
  )
  union all
  select {{columns}}, -1
  from (
{{first_half}}
  )
  union all
  select {{columns}}, -1
  from (
{{second_half}}
  )
)
{{what_differs}}
