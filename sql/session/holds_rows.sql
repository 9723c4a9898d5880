-- @name session/holds_rows
-- What: whether a table has a live row, whatever its summary says and its delete files take off.
-- @returns holds_rows BOOLEAN
select exists (from {{table}} limit 1) as holds_rows
