-- @name tables
-- What: the raw tables, as the ingestion would create them. A partition is a batch of a landing hour, never an event hour:
-- what is late is only known from the files' column bounds.
create schema if not exists raw;

create table raw.raw_signups (
  event_id bigint,
  account_id bigint,
  country varchar,
  plan varchar,
  processing_ts bigint,
  landing_date date,
  landing_hour integer,
  batch_id integer
) partitioned by (landing_date, landing_hour, batch_id);

create table raw.raw_plan_changes (
  event_id bigint,
  account_id bigint,
  new_plan varchar,
  processing_ts bigint,
  landing_date date,
  landing_hour integer,
  batch_id integer
) partitioned by (landing_date, landing_hour, batch_id);

create table raw.raw_cancel_requests (
  event_id bigint,
  account_id bigint,
  reason varchar,
  processing_ts bigint,
  landing_date date,
  landing_hour integer,
  batch_id integer
) partitioned by (landing_date, landing_hour, batch_id);

create table raw.raw_cancels (
  event_id bigint,
  account_id bigint,
  processing_ts bigint,
  landing_date date,
  landing_hour integer,
  batch_id integer
) partitioned by (landing_date, landing_hour, batch_id);
