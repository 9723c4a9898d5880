-- @name compare/files_of_source
-- What: the rows of files as a query sees them.
select * exclude (psyberg_file) from {{relation}}
