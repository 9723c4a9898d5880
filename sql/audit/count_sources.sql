-- @name audit/count_sources
-- What: rows that the session read from all its sources, file by file; rows that it staged, and those of them that lie outside its hours.
-- @param $range_start TIMESTAMP first instant of the rows (perhaps inside {{sources}}, {{rows_outside}})
-- @param $range_end TIMESTAMP first instant after them (perhaps inside {{sources}}, {{rows_outside}})
-- @param $hours BIGINT[] hours since 1970-01-01T00:00:00Z, where only some of the range are read (perhaps inside {{sources}}, {{rows_outside}})
-- @returns alias VARCHAR NULL, path VARCHAR NULL, rows BIGINT NULL, first_hour BIGINT NULL, last_hour BIGINT NULL (NULL but for one row where
--          nothing was read), rows_staged BIGINT, rows_outside BIGINT NULL
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
