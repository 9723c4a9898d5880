-- @name tables/long_partition_values
-- What: the partition values of files whose folders are named by hashes (macros/partition_key): all rows of a file have the same.
-- @param $files VARCHAR[] paths as COPY reported them
-- @returns filename VARCHAR, partition VARCHAR[] (in the order of the spec)
select filename, any_value({{values}}) as partition
from read_parquet($files, filename = true)
group by filename
