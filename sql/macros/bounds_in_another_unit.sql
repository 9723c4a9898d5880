-- @name macros/bounds_in_another_unit
-- What: whether bounds of an event time look as if they were counted in another unit than the column's: seconds or milliseconds of our times lie within weeks of
--       1970 when they are read as microseconds, nanoseconds after the year 9999. Where no partition confirms such bounds, only the file can tell.
-- @gives BOOLEAN
create or replace temp macro bounds_in_another_unit(lower_value, upper_value, unit) as (
  case unit
    when 'us' then (lower_value > -5184000000000 and upper_value < 5184000000000) or lower_value >= 253402300800000000
    when 'ns' then lower_value > -5184000000000000 and upper_value < 5184000000000000
    else false
  end
)
