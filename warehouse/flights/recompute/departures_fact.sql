-- @name departures_fact
-- What: the fact as if it were built today, straight from the Parquet file, against the fact as the sessions left it.
-- @param $departures VARCHAR path of the Parquet file
-- @param $first_landing_hour TIMESTAMP
-- @param $last_landing_hour TIMESTAMP
-- @returns target VARCHAR, row_count BIGINT, missing_rows BIGINT, extra_rows BIGINT
with recomputed as (
  select file_row_number as departure_id,
         "date" as scheduled_ts,
         "date" + to_minutes(delay) as departed_ts,
         delay::integer as delay_minutes,
         origin,
         destination,
         distance::integer as distance_miles
  from read_parquet($departures, file_row_number = true)
  where date_trunc('hour', "date" + to_minutes(greatest(delay, 0))) between $first_landing_hour and $last_landing_hour
),
loaded as (
  select departure_id, scheduled_ts, departed_ts, delay_minutes, origin, destination, distance_miles
  from facts.departures_fact
),
missing as (
  from recomputed
  except all
  from loaded
),
extra as (
  from loaded
  except all
  from recomputed
)
select 'facts.departures_fact' as target,
       (select count(*) from loaded) as row_count,
       (select count(*) from missing) as missing_rows,
       (select count(*) from extra) as extra_rows
