-- @name landing/inferred_columns
-- What: the columns of files as DuckDB finds them.
-- @param $files VARCHAR[] paths or URLs, with glob characters made literal
-- @returns column_name VARCHAR, column_type VARCHAR
select column_name, column_type
from (describe select * from {{reader}}($files{{options}}))
