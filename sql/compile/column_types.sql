-- @name compile/column_types
-- What: the columns of the process's query over the rows of this session, each with the name of its type; and its errors: no row is read.
--       Result columns do not tell: there a NULL without a type is an INTEGER, and JSON a VARCHAR.
with {{sources}}
select typeof(columns(asked.*))
from (select 1 as one)
left join (
select * from (
{{query}}
)
limit 0
) as asked on true
