-- @name fragments/what_differs
-- What: how many of the rows computed twice are only on one side, and whether sums of floating-point numbers differ by more than rounding.
-- @into audit/rows_alone {{what_differs}}, audit/rows_apart {{what_differs}}
select
  (
    select coalesce(sum(abs(psyberg_surplus)), 0)::bigint
    from (
      select {{exact_columns}}, sum(psyberg_side) as psyberg_surplus
      from psyberg_both
      group by all
    ) as counted
  ) as rows_differing,
  coalesce({{sums_differ}}, false) as values_differ
from psyberg_both
