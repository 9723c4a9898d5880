-- @name test/count_differs
-- What: whether two counts differ.
-- @returns found BOOLEAN
select expected <> actual as found from (
{{audit}}
)
