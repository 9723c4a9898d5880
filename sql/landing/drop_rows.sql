-- @name landing/drop_rows
-- What: lets go of the rows of files.
drop table if exists {{relation}}
