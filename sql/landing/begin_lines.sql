-- @name landing/begin_lines
-- What: a temporary table for the lines of files.
create or replace temp table {{lines}} (psyberg_file varchar, line bigint, text varchar)
