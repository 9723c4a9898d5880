-- @name compare/attach_compared
-- What: a database in memory for what is compared; what does not fit goes to DuckDB's temporary files.
attach if not exists ':memory:' as psyberg_compare
