-- @name audit/count_sources
-- What: rows that the session read from all its sources, and rows that it staged.
-- @returns rows_read BIGINT, rows_staged BIGINT
with {{sources}}
select
  ({{counts}})::bigint as rows_read,
  (select count(*) from {{staged}}) as rows_staged
