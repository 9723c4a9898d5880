-- Which values a column may hold.
-- @param column IDENTIFIER the column
-- @param values VARCHAR[]
-- @param since DATE
select * from staged where {{column}} not in (select unnest($values)) and day >= $since and '{{no}}' = '$no'
