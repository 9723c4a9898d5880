-- @name compile/read_ahead
-- What: the rows of a source for several hours that are computed one after the other, as a temporary table: DuckDB plans a statement over an Iceberg table by
--       all its files, and over this by none.
-- @param $range_start TIMESTAMP first instant of these hours (perhaps inside {{rows}})
-- @param $range_end TIMESTAMP first instant after them (perhaps inside {{rows}})
create or replace temp table {{ahead}} as
{{rows}}
