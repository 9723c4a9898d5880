-- @name macros/units_per_hour
-- What: how many units of a stored event time make an hour.
-- @gives BIGINT
create or replace temp macro units_per_hour(unit) as (
  case unit when 'us' then 3600000000 when 'ns' then 3600000000000 when 'ms' then 3600000 when 's' then 3600 end
)
