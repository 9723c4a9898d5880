-- @name fragments/stated_hours
-- What: what the bounds of an event time say of the hours, of the relation `entries`: the end of the macros over manifests and over entries that are known.
-- @into macros/hours_of_files {{stated_hours}}, macros/hours_of_entries {{stated_hours}}
-- In steps of their own: a macro repeats its argument, and planning takes longer with long ones.
stored as (
  select
    *,
    iceberg_integer(lower_bound) as lower_value,
    case when length(upper_bound) = length(lower_bound) then iceberg_integer(upper_bound) end as upper_value,
    stored_unit(lower_bound, column_type, column_unit) as stored_unit
  from entries,
    -- Once, as columns: a value that a statement names twice has DuckDB 1.5.5 plan it anew each time (4 ms of CPU in place of 1, 2026-11-30).
    (select type as column_type, unit as column_unit)
),
judged as (
  select *, coalesce(bounds_are_trusted(lower_value, upper_value, stored_unit, null_event_times, rows), false) as is_trusted
  from stored
)
select
  manifest_path,
  path,
  file_format,
  status,
  snapshot_id,
  rows,
  bytes,
  partition,
  null_event_times,
  coalesce(lower_bound, upper_bound) is not null as has_bounds,
  stored_unit <> column_unit as was_date,
  case when is_trusted then event_hour(lower_value, stored_unit, false) end as first_hour,
  case when is_trusted then event_hour(upper_value, stored_unit, true) end as last_hour,
  coalesce(bounds_in_another_unit(lower_value, upper_value, stored_unit), false) as in_another_unit
from judged
