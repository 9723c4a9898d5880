create schema if not exists raw;

create table if not exists raw.raw_signups (
  event_id bigint,
  account_id bigint,
  country varchar,
  plan varchar,
  processing_ts bigint,
  landing_date date,
  landing_hour integer,
  batch_id integer
) partitioned by (landing_date, landing_hour, batch_id);
