-- @name audit/not_null
-- What: staged rows in which one of the columns is null. Zero rows = pass.
select *
from {{staged}}
where {{any_is_null}}
