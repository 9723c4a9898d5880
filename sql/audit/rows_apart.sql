-- @name audit/rows_apart
-- What: whether a stateless process's query gives other rows when the rows of its sources are read in two sessions: of some rows, all at once beside one half
--       and the other. Sums of floating-point numbers depend on the order of rows, so of those columns only the sums are compared, to a millionth.
-- @param $psyberg_session_id VARCHAR (perhaps inside {{whole}})
-- @param $process_name VARCHAR (perhaps inside {{whole}})
-- @param $landed_at TIMESTAMPTZ when the session landed its files (perhaps inside {{whole}})
-- @param $first_hour TIMESTAMP start of the first hour (perhaps inside {{whole}})
-- @param $last_hour TIMESTAMP start of the last hour (perhaps inside {{whole}})
-- @param $range_start TIMESTAMP first instant of the rows (perhaps inside {{whole}})
-- @param $range_end TIMESTAMP first instant after them (perhaps inside {{whole}})
-- @returns rows_differing BIGINT, values_differ BOOLEAN
with {{samples}},
psyberg_both as materialized (
  select {{columns}}, 1 as psyberg_side
  from (
    select {{no_values}} where false
    union all by name
    select * from ({{whole}})
  )
  union all
  select {{columns}}, -1
  from (
    select {{no_values}} where false
    union all by name
    select * from ({{first_half}})
  )
  union all
  select {{columns}}, -1
  from (
    select {{no_values}} where false
    union all by name
    select * from ({{second_half}})
  )
)
{{what_differs}}
