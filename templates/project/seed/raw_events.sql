-- Sample rows for raw.raw_events: psyberg sql --file seed/raw_events.sql
create schema if not exists raw;

create table if not exists raw.raw_events (event_id bigint, event_ts timestamptz, account_id bigint, kind varchar);

insert into raw.raw_events
select n,
       timestamptz '2023-09-14 00:00:00+00' + to_minutes(n),
       n % 7,
       ['Play', 'Pause', 'Stop'][1 + n % 3]
from range(360) as numbers(n);
