-- @name changes/deleted_hours
-- What: the event hours of rows that are in one of two views of the same data files and not in the other: deleted, or brought back. Rows are known by their
--       position in their file, so one deleted row does not make up for another that came back.
-- @param $files VARCHAR[] paths of the data files, as manifests write them
-- @param $unit VARCHAR unit of the stored event time: us, ns, ms, s or day
-- @returns path VARCHAR, first_hour INTEGER NULL, last_hour INTEGER NULL (a date covers 24 hours; both NULL for rows without an event time), rows BIGINT (how many fewer)
with before as (
  select filename as path, calendar_hour(event_hour({{stored_event_time}}, $unit, false)) as first_hour, count(*) as row_count, bit_xor(hash(file_row_number)) as positions
  from {{before}}
  group by all
),
after as (
  select filename as path, calendar_hour(event_hour({{stored_event_time}}, $unit, false)) as first_hour, count(*) as row_count, bit_xor(hash(file_row_number)) as positions
  from {{after}}
  group by all
)
select
  given.path,
  coalesce(before.first_hour, after.first_hour) as first_hour,
  calendar_hour(coalesce(before.first_hour, after.first_hour) + case when $unit = 'day' then 23 else 0 end) as last_hour,
  coalesce(before.row_count, 0) - coalesce(after.row_count, 0) as rows
from before
full join after on before.path = after.path and before.first_hour is not distinct from after.first_hour
join (select unnest($files) as path) as given on plain_path(given.path) = coalesce(before.path, after.path)
where (before.row_count, before.positions) is distinct from (after.row_count, after.positions)
order by all
