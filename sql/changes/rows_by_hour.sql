-- @name changes/rows_by_hour
-- What: the rows of a relation by event hour, as multisets and in the table's current columns: files as they are stored, or a view of them with row-level deletes
--       applied (a compaction that took deleted rows out of files has fewer rows in them, and the same rows). Rows are told by their count and by two sums of 64-bit
--       hashes, which do not depend on order: a rewrite by another writer has other files, row groups and order, and the same rows. {{row}}: the
--       values of all columns, and the text of those whose values hash() does not all tell apart.
-- @param $files VARCHAR[] paths of Parquet files, where files are read (perhaps inside {{rows}})
-- @param $unit VARCHAR unit of the stored event time: us, ns, ms, s or day
-- @returns first_hour INTEGER NULL, last_hour INTEGER NULL (a date covers 24 hours; both NULL for rows without an event time), row_count BIGINT, row_hash HUGEINT, second_hash HUGEINT
with counted as (
  select calendar_hour(event_hour({{stored_event_time}}, $unit, false)) as first_hour, count(*) as row_count, sum(hash({{row}})::hugeint) as row_hash, sum(hash({{row}}, 'again')::hugeint) as second_hash
  from {{rows}} as psyberg_row
  group by all
)
select
  first_hour,
  calendar_hour(first_hour + case when $unit = 'day' then 23 else 0 end) as last_hour,
  row_count,
  row_hash,
  second_hash
from counted
order by first_hour
