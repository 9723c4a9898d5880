-- @name tables/write_single_list
-- What: the manifest list of a state table: its one data manifest, and delete manifests where there are any.
-- @param $manifest VARCHAR path of the data manifest
-- @param $partition_spec_id INTEGER
-- @param $snapshot_id BIGINT
-- @param $sequence_number BIGINT
-- @param $destination VARCHAR path of the new manifest list
-- @param $manifest_list VARCHAR (perhaps inside {{carried}})
copy (
  {{carried}}
  select
    $manifest as manifest_path,
    (select size from read_blob($manifest)) as manifest_length,
    $partition_spec_id as partition_spec_id,
    0 as content,
    $sequence_number as sequence_number,
    coalesce(min(sequence_number), $sequence_number) as min_sequence_number,
    $snapshot_id as added_snapshot_id,
    count(*) filter (status = 1)::integer as added_files_count,
    count(*) filter (status = 0)::integer as existing_files_count,
    count(*) filter (status = 2)::integer as deleted_files_count,
    coalesce(sum(data_file.record_count) filter (status = 1), 0)::bigint as added_rows_count,
    coalesce(sum(data_file.record_count) filter (status = 0), 0)::bigint as existing_rows_count,
    coalesce(sum(data_file.record_count) filter (status = 2), 0)::bigint as deleted_rows_count,
    [struct_pack(
      contains_null := false,
      contains_nan := false,
      lower_bound := encode(min(data_file.partition.process_name)),
      upper_bound := encode(max(data_file.partition.process_name))
    )] as partitions
  from read_avro($manifest)
) to $destination ({{manifest_list_format}})
