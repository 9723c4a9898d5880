-- @name test/with_file
-- What: the rows of an arrival, and the file in which they land.
select *, {{file}} as filename from {{table}}
