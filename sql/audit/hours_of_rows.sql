-- @name audit/hours_of_rows
-- What: the event hours of the rows of a relation, each once.
-- @param $range_start TIMESTAMP (perhaps inside {{rows}})
-- @param $range_end TIMESTAMP (perhaps inside {{rows}})
-- @param $hours BIGINT[] (perhaps inside {{rows}})
-- @returns hour BIGINT
select distinct hour
from (
  select event_hour({{stored_event_time}}, {{unit}}, false) as hour
  from {{rows}} as rows
)
where hour is not null
