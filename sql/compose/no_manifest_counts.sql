-- @name compose/no_manifest_counts
-- What: as compose/manifest_counts, of no manifest.
-- @param $snapshot_id VARCHAR
-- @param $sequence_number VARCHAR
select
  null::varchar as manifest_path,
  null::bigint as manifest_length,
  null::integer as partition_spec_id,
  null::integer as content,
  $sequence_number::bigint as sequence_number,
  $sequence_number::bigint as min_sequence_number,
  $snapshot_id::bigint as added_snapshot_id,
  0 as added_files_count,
  0 as existing_files_count,
  0 as deleted_files_count,
  0::bigint as added_rows_count,
  0::bigint as existing_rows_count,
  0::bigint as deleted_rows_count,
  null::bigint as first_row_id
where false
