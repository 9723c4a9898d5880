-- @name audit/count_sources
-- What: rows that the session read from all its sources, file by file; rows that it staged, and those of them that lie outside its hours.
-- @returns alias VARCHAR, path VARCHAR, rows BIGINT, first_hour BIGINT, last_hour BIGINT (NULL but for one row where nothing was read), rows_staged BIGINT, rows_outside BIGINT
with {{sources}},
rows_read as (
  {{rows_read}}
)
select
  rows_read.*,
  (select count(*) from {{staged}}) as rows_staged,
  ({{rows_outside}})::bigint as rows_outside
from (select 1) as session
left join rows_read on true
