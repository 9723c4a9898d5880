-- @name look/widened_shape
-- What: the columns of the target, and those that only the query has.
select * from {{target}}
union all by name
select * from (
{{query}}
)
