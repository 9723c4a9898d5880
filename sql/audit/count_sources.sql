-- @name audit/count_sources
-- What: rows that the session read from all its sources, rows that it staged, and those of them that lie outside its hours.
-- @returns rows_read BIGINT, rows_staged BIGINT, rows_outside BIGINT
with {{sources}}
select
  ({{counts}})::bigint as rows_read,
  (select count(*) from {{staged}}) as rows_staged,
  ({{rows_outside}})::bigint as rows_outside
