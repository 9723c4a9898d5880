-- @name spark/sampled_rows_on_spark
-- What: fragments/half_of_rows for Spark: the first rows of each file that a session reads, or half of them. Which these are is said by file and
--       position, so that they are the same wherever they are read: a LIMIT takes others each time.
select * from {{source}} where _pos < {{rows_of_each}} and {{half}}
