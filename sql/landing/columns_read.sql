-- @name landing/columns_read
-- What: the columns of files that were read.
-- @returns column_name VARCHAR, column_type VARCHAR
select column_name, column_type
from (describe from {{relation}})
where column_name <> 'psyberg_file'
