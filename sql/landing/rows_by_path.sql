-- @name landing/rows_by_path
-- What: how many rows were read of each file.
-- @returns path VARCHAR, rows BIGINT
select psyberg_file as path, count(*) as rows
from {{relation}}
group by all
