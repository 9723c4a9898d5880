-- @name spark/without_columns_on_spark
-- What: compile/without_columns for Spark.
select * except ({{columns}})
from (
{{query}}
)
