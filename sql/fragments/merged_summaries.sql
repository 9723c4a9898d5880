-- @name fragments/merged_summaries
-- What: the relation `summaries`: the partition summary of all manifests of the relation `affected` that become one. None where one of them
--       has none, or where the bounds of a field are not known: a field without bounds says that all its values are null, and readers
--       that look for a value skip the manifest.
-- @into tables/write_cleared_list {{summaries}}
-- @param $integer_fields VARCHAR[] `spec:position` (from 1) of partition fields that are ordered as integers
-- @param $byte_fields VARCHAR[] `spec:position` of partition fields that are ordered as bytes
affected_fields as (
  select
    affected.partition_spec_id,
    affected.content,
    field.position,
    affected.partition_spec_id || ':' || field.position as field_key,
    field.summary
  from affected, lateral (select unnest(partitions) as summary, generate_subscripts(partitions, 1) as position) as field
),
merged_fields as (
  select
    partition_spec_id,
    content,
    position,
    struct_pack(
      contains_null := bool_or(summary.contains_null),
      contains_nan := bool_or(coalesce(summary.contains_nan, false)),
      lower_bound := case
        when field_key in (select unnest($integer_fields)) then arg_min(summary.lower_bound, iceberg_integer(hex(summary.lower_bound)))
        when field_key in (select unnest($byte_fields)) then min(summary.lower_bound)
      end,
      upper_bound := case
        when field_key in (select unnest($integer_fields)) then arg_max(summary.upper_bound, iceberg_integer(hex(summary.upper_bound)))
        when field_key in (select unnest($byte_fields)) then max(summary.upper_bound)
      end
    ) as summary,
    bool_and(
      coalesce(summary.lower_bound is not null and summary.upper_bound is not null and field_key in (select unnest($integer_fields || $byte_fields)), false)
      or (summary.lower_bound is null and summary.upper_bound is null and summary.contains_null)
    ) as is_known
  from affected_fields
  group by partition_spec_id, content, position, field_key
),
summaries as (
  select partition_spec_id, content, list(summary order by position) as partitions
  from merged_fields
  where (partition_spec_id, content) not in (select (partition_spec_id, content) from affected where partitions is null)
  group by partition_spec_id, content
  having bool_and(is_known)
)
