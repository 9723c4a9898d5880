-- @name spark/rows_alone_on_spark
-- What: audit/rows_alone for Spark.
-- @param $range_start TIMESTAMP first instant of the hours that are computed (inside {{near}})
-- @param $range_end TIMESTAMP first instant after them (inside {{near}})
-- @returns rows_differing BIGINT, values_differ BOOLEAN
with psyberg_both as (
  select *
  from (
    select {{columns}}, 1 as psyberg_side
    from (
{{query}}
    )
  )
  where {{is_compared}}
  union all
  select *
  from (
    select {{staged_columns}}, -1 as psyberg_side
    from {{staged}}
    where {{near}}
  )
  where {{is_compared}}
)
{{what_differs}}
