-- @name audit/rows_of_files
-- What: the rows of a view of single files, with row-level deletes applied, and those of them in some hours. The hours are no filter: by a filter DuckDB would skip files.
-- @param $first_hours BIGINT[] first hours of the intervals
-- @param $last_hours BIGINT[] last hours, included, in the same order
-- @returns path VARCHAR, rows BIGINT, rows_in_hours BIGINT
with intervals as (
  select unnest($first_hours) as first_hour, unnest($last_hours) as last_hour
),
hours as (
  select filename::varchar as path, event_hour({{stored_event_time}}, {{unit}}, false) as hour, count(*) as rows
  from {{files}}
  group by all
),
placed as (
  select *, exists (from intervals where hours.hour between intervals.first_hour and intervals.last_hour) as is_inside
  from hours
)
select path, sum(rows)::bigint as rows, coalesce(sum(rows) filter (is_inside), 0)::bigint as rows_in_hours
from placed
group by path
