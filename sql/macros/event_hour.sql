-- @name macros/event_hour
-- What: the hours since 1970-01-01T00:00:00Z of an event-time value as Iceberg stores it, by the column's unit, rounded down also before 1970.
--       A date covers 24 hours: `at_end` picks the last of them.
-- @gives BIGINT
create or replace temp macro event_hour(stored, unit, at_end) as (
  case
    when unit = 'day' then stored * 24 + case when at_end then 23 else 0 end
    else stored // units_per_hour(unit) - (stored % units_per_hour(unit) < 0)::bigint
  end
)
