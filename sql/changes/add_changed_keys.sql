-- @name changes/add_changed_keys
-- What: the keys of the rows of some hours. Rows are told by two hashes where a rewrite may have left them as they were, and not at all where they only came.
-- @param $first_hours BIGINT[] first hours of the intervals, counted from 1970-01-01T00:00:00Z
-- @param $last_hours BIGINT[] last hours, included, in the same order
-- @param $sign BIGINT 1 for rows as they are, -1 for rows as they were
insert into {{changed}}
select key, hour, row_hash, second_hash, $sign * count(*)
from (
  select psyberg_row.{{key}} as key, event_hour({{stored_event_time}}, {{unit}}, false) as hour, {{row_hash}} as row_hash, {{second_hash}} as second_hash
  from {{rows}} as psyberg_row
) as rows
where exists (
  from (select unnest($first_hours) as first_hour, unnest($last_hours) as last_hour) as intervals
  where hour between intervals.first_hour and intervals.last_hour
)
group by all
