-- @name landing/reject_rows
-- What: reads CSV files by the types of their columns. Rows that DuckDB cannot read so are in its tables of rejects then, with their lines; the others are not wanted.
-- @param $files VARCHAR[] paths or URLs, with glob characters made literal
create or replace temp table {{relation}} as
select *
from read_csv($files, store_rejects = true, rejects_table = 'psyberg_rejects', rejects_scan = 'psyberg_reject_scans', rejects_limit = 0{{options}})
