-- @name spark/whole_target_on_spark
-- What: the target as it will be: without the hours that are replaced, and with the rows that replace them. A column that one side does not have is NULL.
-- @param $range_start TIMESTAMP first instant of the hours (perhaps inside {{is_inside}})
-- @param $range_end TIMESTAMP first instant after them (perhaps inside {{is_inside}})
-- @param $hours BIGINT[] hours since 1970-01-01T00:00:00Z (perhaps inside {{is_inside}})
select {{target_columns}}
from {{target}}
where not coalesce({{is_inside}}, false)
union all
select {{row_columns}}
from {{rows}}
