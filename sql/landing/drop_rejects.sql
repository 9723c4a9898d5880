-- @name landing/drop_rejects
-- What: DuckDB adds to its tables of rejects.
drop table if exists temp.main.psyberg_rejects
