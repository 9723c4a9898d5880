-- @name tables/partition_summaries
-- What: what a manifest list says of partition fields, one row for each live manifest and field.
-- @param $manifest_list VARCHAR
-- @param $fields VARCHAR[] `spec:position` of the fields, positions from 1
-- @returns manifest_path VARCHAR, content INTEGER, spec_id INTEGER, position INTEGER,
--          is_before_1970 BOOLEAN NULL (a value of a field that counts from 1970 is below 0; NULL: the list does not say), has_nan BOOLEAN NULL (NULL: it does not say)
with fields as (
  select split_part(field, ':', 1)::integer as spec_id, split_part(field, ':', 2)::integer as position
  from (select unnest($fields) as field)
),
summaries as (
  select
    manifest_path,
    content,
    spec_id,
    position,
    partitions[position] as summary,
    hex(partitions[position].lower_bound) as lower_bound
  from manifest_list($manifest_list) as list
  join fields on fields.spec_id = list.partition_spec_id
  where is_live
)
select
  manifest_path,
  content,
  spec_id,
  position,
  -- Without bounds all values are NULL (Iceberg specification, "Manifest Lists").
  case when summary is not null then coalesce(iceberg_integer(lower_bound) < 0, false) end as is_before_1970,
  summary.contains_nan as has_nan
from summaries
