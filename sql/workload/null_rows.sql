-- @name workload/null_rows
-- What: how many rows of files that were just written hold NULL where the target requires a value, and one of them.
-- @param $files VARCHAR[] their paths
-- @returns rows BIGINT, example VARCHAR NULL
select
  count(*) as rows,
  any_value(to_json(written)::varchar) as example
from read_parquet($files, hive_partitioning = false) as written
where {{nulls}}
