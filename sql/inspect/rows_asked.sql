-- @name inspect/rows_asked
-- What: rows of a table that a condition picks, each with its data file and the hour of its event time (counted since 1970; NULL where it has none). The condition
--       may be a user's: it stands on a line of its own, so that a comment in it ends there.
select
  {{file}} as psyberg_file,
  {{hour}} as psyberg_hour,
  *
from {{table}}
where (
{{condition}}
)
limit {{row_limit}}
