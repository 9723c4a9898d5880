-- @name route_hour_stats
-- What: the statistics as if they were built today, straight from the Parquet file, against the table as the sessions left it.
-- Averages are compared exactly: they are quotients of whole numbers, so the order of the rows cannot change them.
-- @param $departures VARCHAR path of the Parquet file
-- @param $first_landing_hour TIMESTAMP
-- @param $last_landing_hour TIMESTAMP
-- @returns target VARCHAR, row_count BIGINT, missing_rows BIGINT, extra_rows BIGINT
with recomputed as (
  select date_trunc('hour', "date") as scheduled_hour,
         origin,
         destination,
         count(*) as departures,
         avg(delay) as average_delay_minutes,
         max(delay)::integer as greatest_delay_minutes,
         count(*) filter (where delay >= 15) / count(*) as late_share
  from read_parquet($departures)
  where date_trunc('hour', "date" + to_minutes(greatest(delay, 0))) between $first_landing_hour and $last_landing_hour
  group by all
),
loaded as (
  select scheduled_hour, origin, destination, departures, average_delay_minutes, greatest_delay_minutes, late_share
  from facts.route_hour_stats
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
select 'facts.route_hour_stats' as target,
       (select count(*) from loaded) as row_count,
       (select count(*) from missing) as missing_rows,
       (select count(*) from extra) as extra_rows
