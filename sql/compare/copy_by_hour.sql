-- @name compare/copy_by_hour
-- What: a copy of a relation in the order of its hours, which are counted since 1970: of those that are asked for, one after the other, only a part is read.
create or replace table {{table}} as
select *, {{hour}} as psyberg_hour
from {{rows}}
order by psyberg_hour
