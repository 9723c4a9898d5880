-- @name fragments/sampled_rows
-- What: some rows of a source, numbered once, so that every half of them is the same wherever it is read. 100,000 are enough to see rows that are taken together.
-- @into audit/rows_apart {{samples}}
{{sample}} as materialized (
  select *, row_number() over () as psyberg_number
  from (
{{rows}}
    limit 100000
  )
)
