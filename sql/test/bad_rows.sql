-- @name test/bad_rows
-- What: whether an audit finds a row.
-- @returns found BOOLEAN
select exists (select 1 from (
{{audit}}
)) as found
