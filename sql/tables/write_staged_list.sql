-- @name tables/write_staged_list
-- What: the manifest list of a staging snapshot: what its parent holds, and the manifest of the files just written.
-- @param $manifest VARCHAR the new manifest
-- @param $partition_spec_id INTEGER its spec
-- @param $snapshot_id BIGINT
-- @param $sequence_number BIGINT
-- @param $first_row_id BIGINT the table's next row id; version 3 only (perhaps inside {{listed}})
-- @param $destination VARCHAR path of the new manifest list
-- @param $parent VARCHAR (perhaps inside {{parent}})
-- @returns Count BIGINT
copy (
  with composed as (
    {{parent}}
    select
      $manifest as manifest_path,
      (select size from read_blob($manifest)) as manifest_length,
      $partition_spec_id as partition_spec_id,
      0 as content,
      $sequence_number as sequence_number,
      $sequence_number as min_sequence_number,
      $snapshot_id as added_snapshot_id,
      count(*)::integer as added_files_count,
      0 as existing_files_count,
      0 as deleted_files_count,
      sum(data_file.record_count)::bigint as added_rows_count,
      0::bigint as existing_rows_count,
      0::bigint as deleted_rows_count,
      {{summaries}} as partitions,
      null::bigint as first_row_id
    from read_avro($manifest)
  )
  {{listed}}
) to $destination ({{manifest_list_format}})
