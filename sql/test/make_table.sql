-- @name test/make_table
-- What: an empty table of the warehouse with the columns of another one.
create table {{table}} as from {{like}} with no data
