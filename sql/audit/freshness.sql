-- @name audit/freshness
-- What: one row where no row of the target is as new as is wanted, with the newest one of the session. A filter on the column alone lets DuckDB skip
--       the files of older rows, so that of a fresh target few are read. Zero rows = pass.
-- @param $fresh_from TIMESTAMP the first instant that is new enough
select
  $fresh_from as fresh_from,
  (select max({{column}}) from {{staged}}) as newest_staged
where not exists (select 1 from {{target}} where {{column}} >= $fresh_from)
