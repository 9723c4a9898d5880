-- @name engine/columns_of
-- What: the columns of a table: it is prepared and not run.
select *
from {{table}}
