-- @name test/process_query
-- What: a process's query over whole tables, which its aliases name.
with {{sources}}
select * from (
{{query}}
) as psyberg_result
