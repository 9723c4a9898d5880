-- @name macros/stored_unit
-- What: the unit of a bound of an event time as its file wrote it: of 4 bytes in a column that holds timestamps now, it is a day of the date that the
--       column was (Iceberg specification, "Schema Evolution": a date may become a timestamp, and older manifests keep its days).
-- @gives VARCHAR: us, ns, ms, s or day
create or replace temp macro stored_unit(hexadecimal, type, unit) as (
  case when length(hexadecimal) = 8 and type like 'timestamp%' then 'day' else unit end
)
