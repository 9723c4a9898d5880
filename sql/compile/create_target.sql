-- @name compile/create_target
-- What: the target, with the columns that the process's query returns. It is created empty: rows come with the first publish.
create table {{target}}{{partitioning}}{{properties}} as (
with {{sources}}
select * from (
{{query}}
)
) with no data
