-- @name audit/row_count
-- What: how many rows were staged.
-- @returns actual BIGINT
select count(*) as actual
from {{staged}}
