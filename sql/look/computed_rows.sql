-- @name look/computed_rows
-- What: the rows that were computed hour by hour, in the columns of the query, as many as are shown.
-- @param $row_limit BIGINT as many at most
select {{columns}}
from {{rows}}
limit $row_limit
