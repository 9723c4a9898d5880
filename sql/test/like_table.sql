-- @name test/like_table
-- What: an empty table with the columns of another one.
create or replace table {{table}} as from {{like}} with no data
