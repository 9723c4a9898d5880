-- @name test/create_from
-- What: a table of what a query returns.
create or replace table {{table}} as {{query}}
