-- @name landing/widened_types
-- What: the types that hold the values of two others each: with the fields of both, and numbers as wide as either has them.
-- @returns column_name VARCHAR, column_type VARCHAR
select column_name, column_type
from (describe select {{known}} union all select {{found}})
