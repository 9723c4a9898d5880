-- @name target/describe
-- What: the process's query over the rows of this session; prepared only, for its columns and its errors.
with {{sources}}
select * from (
{{query}}
)
