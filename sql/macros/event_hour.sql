-- @name macros/event_hour
-- What: the hours since 1970-01-01T00:00:00Z of an event-time value as Iceberg stores it, by the column's unit.
--       A date covers 24 hours: `at_end` picks the last of them.
-- @returns BIGINT
create or replace temp macro event_hour(stored, unit, at_end) as (
  case unit
    when 'us' then (stored - ((stored % 3600000000) + 3600000000) % 3600000000) // 3600000000
    when 'ns' then (stored - ((stored % 3600000000000) + 3600000000000) % 3600000000000) // 3600000000000
    when 'ms' then (stored - ((stored % 3600000) + 3600000) % 3600000) // 3600000
    when 's' then (stored - ((stored % 3600) + 3600) % 3600) // 3600
    when 'day' then stored * 24 + case when at_end then 23 else 0 end
  end
)
