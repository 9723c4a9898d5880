-- @name session/differing_live_hours
-- What: the event hours in which the live rows of two views of a table differ, as multisets. As session/differing_hours, but through the table's row-level deletes:
--       a compaction that took deleted rows out of files has fewer rows in them, and the same rows.
-- @param $unit VARCHAR unit of the stored event time: us, ns, ms, s or day
-- @returns first_hour INTEGER, last_hour INTEGER (a date covers 24 hours; both NULL for rows without an event time)
with before as (
  select event_hour({{stored_event_time}}, $unit, false)::integer as first_hour, count(*) as row_count, sum(hash(data)::hugeint) as row_hash, sum(hash(data, 'again')::hugeint) as second_hash
  from {{before}} as data
  group by all
),
after as (
  select event_hour({{stored_event_time}}, $unit, false)::integer as first_hour, count(*) as row_count, sum(hash(data)::hugeint) as row_hash, sum(hash(data, 'again')::hugeint) as second_hash
  from {{after}} as data
  group by all
),
compared as (
  select coalesce(before.first_hour, after.first_hour) as first_hour
  from before
  full join after on before.first_hour is not distinct from after.first_hour
  where (before.row_count, before.row_hash, before.second_hash) is distinct from (after.row_count, after.row_hash, after.second_hash)
)
select
  first_hour,
  first_hour + case when $unit = 'day' then 23 else 0 end as last_hour
from compared
order by first_hour
