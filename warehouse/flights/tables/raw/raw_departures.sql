create schema if not exists raw;

create table if not exists raw.raw_departures (
  departure_id bigint,
  scheduled_ts timestamp,
  delay_minutes integer,
  distance_miles integer,
  origin varchar,
  destination varchar,
  landing_date date,
  landing_hour integer
) partitioned by (landing_date, landing_hour);
