-- @name spark/rows_between_on_spark
-- What: compare/rows_between for Spark: the rows that a table has and an earlier state of it had not, counted with repetitions.
(
select {{columns}} from {{after}}
except all
select {{columns}} from {{before}}
)
