-- @name raw_departures
-- What: the departures that land in the given hours. A departure lands when the flight has left: at the scheduled time plus
-- its delay, or at the scheduled time when it left early. Its number is its place in the file.
-- The comparison on the plain column lets DuckDB skip the file's row groups of other days; no delay reaches 30 hours.
-- @param $departures VARCHAR path of the Parquet file
-- @param $first_landing_hour TIMESTAMP
-- @param $last_landing_hour TIMESTAMP
insert into raw.raw_departures
with departures as (
  select file_row_number as departure_id,
         "date" as scheduled_ts,
         delay,
         distance,
         origin,
         destination,
         date_trunc('hour', "date" + to_minutes(greatest(delay, 0))) as landing_ts
  from read_parquet($departures, file_row_number = true)
  where "date" >= $first_landing_hour - interval 30 hours
    and "date" < $last_landing_hour + interval 1 hour
)
select departure_id,
       scheduled_ts,
       delay::integer as delay_minutes,
       distance::integer as distance_miles,
       origin,
       destination,
       landing_ts::date as landing_date,
       hour(landing_ts)::integer as landing_hour
from departures
where landing_ts between $first_landing_hour and $last_landing_hour
