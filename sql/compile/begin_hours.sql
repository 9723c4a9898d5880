-- @name compile/begin_hours
-- What: a temporary table for the hours that a dimension computes, shaped like its target. All hours are computed in one transaction, in which DuckDB
--       reads the sources' metadata once; they are staged together when the last is done.
create or replace temp table {{hours}} as
select * from {{target}}
limit 0
