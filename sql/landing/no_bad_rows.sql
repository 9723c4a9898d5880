-- @name landing/no_bad_rows
-- What: a temporary table for rows that do not fit, where all do.
create or replace temp table {{bad}} (psyberg_file varchar, line bigint, text varchar, reason varchar)
