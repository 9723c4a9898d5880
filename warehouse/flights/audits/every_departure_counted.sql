-- @name every_departure_counted
-- What: bad are hours whose statistics do not add up to the hour's departures.
with expected as (
  select date_trunc('hour', scheduled_ts) as scheduled_hour,
         count(*) as departures
  from departures_fact
  group by all
),
counted as (
  select scheduled_hour,
         sum(departures)::bigint as departures
  from staged
  group by scheduled_hour
)
select scheduled_hour,
       expected.departures as departures_expected,
       counted.departures as departures_counted
from expected
full join counted using (scheduled_hour)
where expected.departures is distinct from counted.departures
