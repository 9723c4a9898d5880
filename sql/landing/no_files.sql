-- @name landing/no_files
-- What: no rows, of a folder that has no file any more, under the columns that its files had.
create temp table if not exists {{relation}} as
select {{columns}}, null::varchar as psyberg_file
where false
