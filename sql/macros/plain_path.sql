-- @name macros/plain_path
-- What: a path as DuckDB reports it of a file that it read: without `file:`.
-- @gives VARCHAR
create or replace macro plain_path(path) as regexp_replace(path, '^file:(//[^/]*)?', '')
