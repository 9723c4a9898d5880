/*---
process_name: event_count_load
pattern: stateful                  # a row depends on its whole hour: hours with new or late rows are computed again and overwritten
sources:
  - table: facts.event_fact
    event_time: event_ts
    vtts: { from: signal }         # complete up to the hour that event_fact_load has announced
target:
  table: facts.event_count
  event_time: event_hour
  partition_by: [hour(event_hour)]
audits:
  - unique: { columns: [event_hour, kind] }
  - sql: audits/no_empty_count.sql
---*/
-- event_fact holds every row of the hours that this run computes.
select date_trunc('hour', event_ts) as event_hour,
       kind,
       count(*) as events,
       count(distinct account_id) as accounts
from event_fact
group by all
