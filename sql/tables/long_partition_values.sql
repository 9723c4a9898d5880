-- @name tables/long_partition_values
-- What: the partition values of files whose folders are named by hashes (macros/partition_key): all rows of a file have the same.
-- @param $files VARCHAR[] paths as COPY reported them
-- @returns filename VARCHAR, partition VARCHAR[] (in the order of the spec)
select psyberg_file as filename, any_value({{values}}) as partition
from read_parquet($files, filename = 'psyberg_file')
group by psyberg_file
