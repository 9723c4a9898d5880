-- @name tables/write_single_manifest
-- What: the one data manifest of a state table: what was there, less the replaced files, plus the new one.
-- @param $path VARCHAR path of the new data file
-- @param $process_name VARCHAR its partition
-- @param $row_count BIGINT
-- @param $file_size BIGINT
-- @param $schema VARCHAR the table's schema as JSON (inside {{manifest_format}})
-- @param $schema_id INTEGER (inside {{manifest_format}})
-- @param $partition_spec VARCHAR the spec's fields as JSON (inside {{manifest_format}})
-- @param $partition_spec_id INTEGER (inside {{manifest_format}})
-- @param $format_version INTEGER (inside {{manifest_format}})
-- @param $content VARCHAR (inside {{manifest_format}})
-- @param $destination VARCHAR path of the new manifest
-- @param $manifest_list VARCHAR (perhaps inside {{existing}})
-- @param $manifests VARCHAR[] (perhaps inside {{existing}})
-- @param $removed_files VARCHAR[] (perhaps inside {{existing}})
copy (
  {{existing}}
  select
    1::integer as status,
    null::bigint as snapshot_id,
    null::bigint as sequence_number,
    null::bigint as file_sequence_number,
    struct_pack(
      content := 0,
      file_path := $path,
      file_format := 'parquet',
      partition := {'process_name': $process_name},
      record_count := $row_count,
      file_size_in_bytes := $file_size
    ) as data_file
) to $destination ({{manifest_format}})
