-- @name test/read_parquet
-- What: the rows of a Parquet file.
select * from read_parquet({{file}})
