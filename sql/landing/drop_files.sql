-- @name landing/drop_files
-- What: lets go of the rows of files.
drop table if exists {{relation}}
