-- @name compose/write_cleared_list
-- What: the manifest list of the base snapshot without the replaced files: the affected manifests give way to the rewritten ones.
--       A rewritten manifest's partition summary is the union of those it replaces, so it still covers every file in it.
-- @param $manifest_list VARCHAR the base's list
-- @param $affected_manifests VARCHAR[] manifests that held removed files
-- @param $rewritten_manifests VARCHAR[] what replaces them, one for each partition spec
-- @param $rewritten_spec_ids VARCHAR[] their partition specs, in the same order
-- @param $integer_fields VARCHAR[] `spec:position` (from 1) of partition fields that are ordered as integers
-- @param $byte_fields VARCHAR[] `spec:position` of partition fields that are ordered as bytes
-- @param $snapshot_id VARCHAR id of the cleared snapshot
-- @param $sequence_number VARCHAR its sequence number
-- @param $destination VARCHAR path of the new manifest list
-- @returns Count BIGINT
copy (
  with base as (
    select * from read_avro($manifest_list)
  ),
  affected_fields as (
    select
      base.partition_spec_id,
      field.position,
      base.partition_spec_id || ':' || field.position as field_key,
      field.summary
    from base, lateral (select unnest(partitions) as summary, generate_subscripts(partitions, 1) as position) as field
    where manifest_path in (select unnest($affected_manifests))
  ),
  merged_fields as (
    select
      partition_spec_id,
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
    group by partition_spec_id, position, field_key
  ),
  summaries as (
    select partition_spec_id, list(summary order by position) as partitions
    from merged_fields
    where partition_spec_id not in (select partition_spec_id from base where partitions is null and manifest_path in (select unnest($affected_manifests)))
    group by partition_spec_id
  ),
  entries as (
    select
      filename as manifest_path,
      min(sequence_number) filter (status = 0) as min_sequence_number,
      count(*) filter (status = 0) as existing_files_count,
      count(*) filter (status = 2) as deleted_files_count,
      coalesce(sum(data_file.record_count) filter (status = 0), 0) as existing_rows_count,
      coalesce(sum(data_file.record_count) filter (status = 2), 0) as deleted_rows_count
    from read_manifests($rewritten_manifests)
    group by filename
  ),
  rewritten as (
    select
      entries.manifest_path,
      file.size as manifest_length,
      spec.partition_spec_id,
      0 as content,
      $sequence_number::bigint as sequence_number,
      coalesce(entries.min_sequence_number, $sequence_number::bigint) as min_sequence_number,
      $snapshot_id::bigint as added_snapshot_id,
      0 as added_files_count,
      entries.existing_files_count::integer as existing_files_count,
      entries.deleted_files_count::integer as deleted_files_count,
      0::bigint as added_rows_count,
      entries.existing_rows_count::bigint as existing_rows_count,
      entries.deleted_rows_count::bigint as deleted_rows_count,
      summaries.partitions
    from entries
    join (select unnest($rewritten_manifests) as manifest_path, unnest($rewritten_spec_ids::integer[]) as partition_spec_id) as spec using (manifest_path)
    join (select filename as manifest_path, size from read_blob($rewritten_manifests)) as file on file.manifest_path = plain_path(entries.manifest_path)
    left join summaries on summaries.partition_spec_id = spec.partition_spec_id
  ),
  composed as (
    select
      manifest_path, manifest_length, partition_spec_id, content, sequence_number, min_sequence_number, added_snapshot_id,
      added_files_count, existing_files_count, deleted_files_count, added_rows_count, existing_rows_count, deleted_rows_count, partitions
    from base
    where manifest_path not in (select unnest($affected_manifests))
      and added_files_count + existing_files_count > 0
    union all by name
    from rewritten
  )
  select * from composed
  order by sequence_number, manifest_path
) to $destination ({{manifest_list_format}})
