-- @name compile/describe_query
-- What: the process's query over the rows of this session; for its columns and its errors: no row is read.
with {{sources}}
select * from (
{{query}}
)
limit 0
