-- @name macros/partition_hour
-- What: the first hour of a partition value of a field that is made of the event time, or of the value `steps` further on: with 1, the hour
--       after the partition (Iceberg specification, "Partition Transforms": counts since 1970). Writers store a day as a date or as a number.
-- @gives BIGINT, NULL for a NULL and for a transform that says nothing of the hours
create or replace temp macro partition_hour(value, transform, steps) as (
  case transform
    when 'hour' then try_cast(value as integer) + steps
    when 'day' then (coalesce(try_cast(value as integer), try_cast(value as date) - date '1970-01-01') + steps) * 24
    when 'month' then epoch(date '1970-01-01' + to_months(try_cast(value as integer) + steps))::bigint // 3600
    when 'year' then epoch(date '1970-01-01' + to_years(try_cast(value as integer) + steps))::bigint // 3600
  end
)
