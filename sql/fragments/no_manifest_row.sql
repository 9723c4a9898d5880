-- @name fragments/no_manifest_row
-- What: as fragments/manifest_row, of no manifest.
-- @into tables/write_empty_list {{no_manifest_row}}, tables/write_readable_list {{rewritten}}
select
  null::varchar as manifest_path,
  null::bigint as manifest_length,
  null::integer as partition_spec_id,
  null::integer as content,
  null::bigint as sequence_number,
  null::bigint as min_sequence_number,
  null::bigint as added_snapshot_id,
  null::integer as added_files_count,
  null::integer as existing_files_count,
  null::integer as deleted_files_count,
  null::bigint as added_rows_count,
  null::bigint as existing_rows_count,
  null::bigint as deleted_rows_count,
  null::struct(contains_null boolean, contains_nan boolean, lower_bound blob, upper_bound blob)[] as partitions,
  null::bigint as first_row_id
where false
