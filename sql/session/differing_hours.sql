-- @name session/differing_hours
-- What: the event hours in which the rows of two sets of files differ, as multisets and in the table's current columns. Rows are compared by count and by two
--       sums of 64-bit hashes, which do not depend on order: a rewrite by another writer has other files, row groups and order, and the same rows.
-- @param $added VARCHAR[] paths of Parquet files
-- @param $removed VARCHAR[] paths of Parquet files
-- @param $unit VARCHAR unit of the stored event time: us, ns, ms, s or day
-- @returns first_hour INTEGER, last_hour INTEGER (a date covers 24 hours; both NULL for rows without an event time)
with added as (
  select event_hour({{stored_event_time}}, $unit, false)::integer as first_hour, count(*) as row_count, sum(hash(data)::hugeint) as row_hash, sum(hash(data, 'again')::hugeint) as second_hash
  from read_parquet($added, schema = {{file_columns}}) as data
  group by all
),
removed as (
  select event_hour({{stored_event_time}}, $unit, false)::integer as first_hour, count(*) as row_count, sum(hash(data)::hugeint) as row_hash, sum(hash(data, 'again')::hugeint) as second_hash
  from read_parquet($removed, schema = {{file_columns}}) as data
  group by all
),
compared as (
  select coalesce(added.first_hour, removed.first_hour) as first_hour
  from added
  full join removed on added.first_hour is not distinct from removed.first_hour
  where (added.row_count, added.row_hash, added.second_hash) is distinct from (removed.row_count, removed.row_hash, removed.second_hash)
)
select
  first_hour,
  first_hour + case when $unit = 'day' then 23 else 0 end as last_hour
from compared
order by first_hour
