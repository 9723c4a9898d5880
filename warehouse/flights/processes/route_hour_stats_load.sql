/*---
process_name: route_hour_stats_load
pattern: stateful
hours: touched
sources:
  - table: facts.departures_fact
    event_time: scheduled_ts
target:
  table: facts.route_hour_stats
  event_time: scheduled_hour
  partition_by: [hour(scheduled_hour)]
audits:
  - not_null: { columns: [scheduled_hour, origin, destination, departures] }
  - unique: { columns: [scheduled_hour, origin, destination] }
  - sql: audits/every_departure_counted.sql
---*/
-- An hour's statistics depend on all departures of that hour and on no other, so only hours that got a row are computed again
-- (hours: touched), however far apart they lie.
select date_trunc('hour', scheduled_ts) as scheduled_hour,
       origin,
       destination,
       count(*) as departures,
       avg(delay_minutes) as average_delay_minutes,
       max(delay_minutes) as greatest_delay_minutes,
       count(*) filter (where delay_minutes >= 15) / count(*) as late_share
from departures_fact
group by all
