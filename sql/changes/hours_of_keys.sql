-- @name changes/hours_of_keys
-- What: the hours of a relation in which it has rows with a key, no further from the key's own hour than the window reaches. A row may lie in several hours (a date lies
--       in all of its day); its first is returned. `is not distinct from` is safe for every query, and no condition by which DuckDB would leave files out.
-- @returns hour BIGINT
select distinct rows.hour
from (
  select psyberg_row.{{key}} as key, event_hour({{stored_event_time}}, {{unit}}, false) as hour
  from {{rows}} as psyberg_row
) as rows
semi join {{keys}} as keys
  on rows.key is not distinct from keys.key
  and rows.hour <= keys.hour + {{later}}
  and rows.hour + {{earlier}} >= keys.hour
