-- @name compare/named_files_of_source
-- What: the same for a query that names their file.
select * exclude (psyberg_file), psyberg_file as filename from {{relation}}
