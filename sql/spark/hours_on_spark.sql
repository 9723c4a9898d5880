-- @name spark/hours_on_spark
-- What: the rows of the hours that Spark has computed so far, read from its files: those of all columns of the target. Under the name that
--       compile/begin_hours gives to what DuckDB computes.
-- @param $files VARCHAR[] the data files that Spark has written
create or replace temp table {{hours}} as
select *
from read_parquet($files, hive_partitioning = false)
