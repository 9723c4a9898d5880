-- @name session/differing_hours
-- What: the event hours in which the rows of two relations differ, as multisets and in the table's current columns: files that went and files that came, or views
--       of them with row-level deletes applied (a compaction that took deleted rows out of files has fewer rows in them, and the same rows). Rows are compared by count
--       and by two sums of 64-bit hashes, which do not depend on order: a rewrite by another writer has other files, row groups and order, and the same rows.
-- @param $added VARCHAR[] paths of Parquet files, where files are compared (inside {{after}})
-- @param $removed VARCHAR[] paths of Parquet files, where files are compared (inside {{before}})
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
