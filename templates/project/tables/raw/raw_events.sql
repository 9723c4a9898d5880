-- The columns of raw.raw_events, which nobody here writes. Tests know its types from here;
-- psyberg sql --file tables/raw/raw_events.sql creates it where it is missing.
create schema if not exists raw;

create table if not exists raw.raw_events (event_id bigint, event_ts timestamptz, account_id bigint, kind varchar);
