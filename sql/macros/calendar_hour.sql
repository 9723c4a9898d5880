-- @name macros/calendar_hour
-- What: an hour since 1970-01-01T00:00:00Z as far as a calendar of the years 1 to 9999 has it, so that it can be written as an ISO text. Later ones (infinity, a wrong
--       unit) are its last hour: the row is of the future, and set aside. An earlier one (a year before Christ, -infinity) is none: NULL, as for a row without an
--       event time.
-- @gives INTEGER
create or replace temp macro calendar_hour(hour) as (
  case when hour >= -17259888 then least(hour, 70389527) end::integer
)
