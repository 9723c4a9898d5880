-- @name tables/manifests_outside_hours
-- What: the manifests whose every file lies outside some hours, as the partition summaries in the manifest list say. A manifest without a summary,
--       or with files of no event time, is not among them.
-- @param $manifest_list VARCHAR
-- @param $time_fields VARCHAR[] `spec:position:unit` of partition fields made of the event time: position from 1, unit hour or day
-- @param $first_hours BIGINT[] first hours of the intervals
-- @param $last_hours BIGINT[] last hours, included, in the same order
-- @returns manifest_path VARCHAR
with time_fields as (
  select
    split_part(field, ':', 1)::integer as spec_id,
    split_part(field, ':', 2)::integer as position,
    case split_part(field, ':', 3) when 'day' then 24 else 1 end as hours
  from (select unnest($time_fields) as field)
),
intervals as (
  select unnest($first_hours) as first_hour, unnest($last_hours) as last_hour
),
summaries as (
  select
    manifest_path,
    hours,
    hex(partitions[position].lower_bound) as lower_bound,
    hex(partitions[position].upper_bound) as upper_bound
  from manifest_list($manifest_list) as list
  join time_fields on time_fields.spec_id = list.partition_spec_id
  where content = 0
    and not partitions[position].contains_null
),
-- In a step of its own: a macro repeats its argument, and with the longer one planning this took 16 ms instead of 6 (2026-11-24).
spans as (
  select
    manifest_path,
    hours * iceberg_integer(lower_bound) as first_hour,
    hours * iceberg_integer(upper_bound) + hours - 1 as last_hour
  from summaries
)
select distinct manifest_path
from spans
where first_hour is not null
  and last_hour is not null
  and not exists (
    from intervals
    where spans.first_hour <= intervals.last_hour
      and spans.last_hour >= intervals.first_hour
  )
