-- @name audit/rows_alone
-- What: whether rows of one hour (or day) come out otherwise when the process's query computes it in another company than the session did: alone, or beside
--       its neighbours. Sums of floating-point numbers depend on the order of rows, so of those columns only the sums are compared, to a millionth.
-- @param $compared_first BIGINT the first hour of it, since 1970-01-01T00:00:00Z
-- @param $compared_last BIGINT the last one
-- @param $psyberg_session_id VARCHAR (perhaps inside {{query}})
-- @param $process_name VARCHAR (perhaps inside {{query}})
-- @param $first_hour TIMESTAMP start of the first hour (perhaps inside {{query}})
-- @param $last_hour TIMESTAMP start of the last hour (perhaps inside {{query}})
-- @param $range_start TIMESTAMP first instant of the rows (perhaps inside {{query}})
-- @param $range_end TIMESTAMP first instant after them (perhaps inside {{query}})
-- @returns rows_differing BIGINT, values_differ BOOLEAN
with psyberg_alone as (
  select {{columns}}
  from (
    -- Columns that the query does not return are null; without a row, this line only names them.
    select {{no_values}} where false
    union all by name
    select * from (
{{query}}
    )
  )
),
psyberg_both as materialized (
  select *, 1 as psyberg_side
  from psyberg_alone
  where event_hour({{stored_event_time}}, {{unit}}, false) between $compared_first and $compared_last
  union all by name
  select *, -1 as psyberg_side
  from {{staged}}
  where event_hour({{stored_event_time}}, {{unit}}, false) between $compared_first and $compared_last
)
{{what_differs}}
