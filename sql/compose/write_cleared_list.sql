-- @name compose/write_cleared_list
-- What: the manifest list of the base snapshot with some manifests rewritten. A rewritten manifest's partition summary is the union of
--       those it replaces, so it still covers every file in it.
-- @param $manifest_list VARCHAR the base's list
-- @param $affected_manifests VARCHAR[] manifests that give way to the rewritten ones
-- @param $integer_fields VARCHAR[] `spec:position` (from 1) of partition fields that are ordered as integers
-- @param $byte_fields VARCHAR[] `spec:position` of partition fields that are ordered as bytes
-- @param $snapshot_id VARCHAR id of the cleared snapshot (inside {{rewritten}})
-- @param $sequence_number VARCHAR its sequence number (inside {{rewritten}})
-- @param $first_row_id BIGINT the table's next row id; version 3 only (inside {{listed}})
-- @param $destination VARCHAR path of the new manifest list
-- @returns Count BIGINT
copy (
  with base as (
    select * exclude (filename) from manifest_list($manifest_list)
  ),
  affected as (
    select * from base
    where manifest_path in (select unnest($affected_manifests))
  ),
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
      ) as summary
    from affected_fields
    group by partition_spec_id, content, position, field_key
  ),
  summaries as (
    select partition_spec_id, content, list(summary order by position) as partitions
    from merged_fields
    where (partition_spec_id, content) not in (select (partition_spec_id, content) from affected where partitions is null)
    group by partition_spec_id, content
  ),
  rewritten as (
    {{rewritten}}
  ),
  composed as (
    select * exclude (is_live) from base
    where manifest_path not in (select unnest($affected_manifests))
      and is_live
    union all by name
    select rewritten.* exclude (partitions), summaries.partitions
    from rewritten
    left join summaries using (partition_spec_id, content)
  )
  {{listed}}
) to $destination ({{manifest_list_format}})
