-- @name arrivals
-- What: how many rows of each raw table there are by the hour in which their event happened, counted from midnight of the day: -3 is 21:00 of
-- the evening before.
-- @returns source VARCHAR, event_hour INTEGER, row_count BIGINT
with events as (
  select 'raw_signups' as source, processing_ts
  from raw.raw_signups
  union all
  select 'raw_plan_changes', processing_ts
  from raw.raw_plan_changes
  union all
  select 'raw_cancel_requests', processing_ts
  from raw.raw_cancel_requests
  union all
  select 'raw_cancels', processing_ts
  from raw.raw_cancels
)
select source,
       (processing_ts // 3600000 - epoch_ms(timestamp '2023-09-14 00:00:00') // 3600000)::integer as event_hour,
       count(*) as row_count
from events
group by source, event_hour
order by source, event_hour
