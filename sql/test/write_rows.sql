-- @name test/write_rows
-- What: the rows of an arrival as a file of a folder, an object a line.
copy (select * from {{table}}) to {{file}} (format json)
