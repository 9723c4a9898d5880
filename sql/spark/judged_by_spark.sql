-- @name spark/judged_by_spark
-- What: a condition that is not handed on to the reader of the table. On the way there Spark 4.1 fails where it knows a comparison to be false already, as that of
--       a day with an hour (assertion in V2ExpressionBuilder, 2026-11-30).
exists(array({{condition}}), holds -> holds)
