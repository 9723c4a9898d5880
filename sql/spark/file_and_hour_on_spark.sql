-- @name spark/file_and_hour_on_spark
-- What: fragments/file_and_hour for Spark: the select list of a source's rows where they are counted.
_file as path, {{hour}} as hour
