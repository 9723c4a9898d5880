-- @name load/written_rows
-- What: the rows of data files that were just written.
-- @param $files VARCHAR[] their paths
select *
from read_parquet($files, hive_partitioning = false)
