-- @name inspect/manifests_and_rows
-- What: the manifests of a list that may list live files, with the rows that the list counts in them and the last hour to which their
--       partitions reach.
-- @param $manifest_list VARCHAR
-- @param $time_fields VARCHAR[] partition fields made of the event time by hour or day, as spec id:position:transform
-- @returns manifest_path VARCHAR, partition_spec_id INTEGER, content INTEGER (0 data, 1 deletes), rows BIGINT NULL (NULL: not counted), last_hour BIGINT NULL (NULL: its partitions do
--          not say; entries of removed files count as well, so it may be too late)
with fields as (
  select
    split_part(field, ':', 1)::integer as spec_id,
    split_part(field, ':', 2)::integer as position,
    split_part(field, ':', 3) as transform
  from (select unnest($time_fields) as field)
)
select
  manifest_path,
  partition_spec_id,
  content,
  added_rows_count + existing_rows_count as rows,
  partition_hour(iceberg_integer(hex(partitions[position].upper_bound))::varchar, transform, 1) - 1 as last_hour
from manifest_list([$manifest_list])
left join fields
  on spec_id = partition_spec_id
where is_live
