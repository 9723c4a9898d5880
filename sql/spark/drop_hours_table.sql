-- @name spark/drop_hours_table
-- What: the end of spark/hours_table.
drop table if exists {{hours}}
