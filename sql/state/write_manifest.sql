-- @name state/write_manifest
-- What: the one data manifest of a state table: what was there, less the replaced files, plus the new one.
-- @param $path VARCHAR path of the new data file
-- @param $process_name VARCHAR its partition
-- @param $row_count BIGINT
-- @param $file_size BIGINT
-- @param $schema VARCHAR the table's schema as JSON
-- @param $partition_spec VARCHAR the spec's fields as JSON
-- @param $partition_spec_id VARCHAR
-- @param $destination VARCHAR path of the new manifest
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
      record_count := $row_count::bigint,
      file_size_in_bytes := $file_size::bigint
    ) as data_file
) to $destination (
  format avro,
  root_name 'manifest_entry',
  field_ids {
    status: {__duckdb_field_id: 0, __duckdb_nullable: false},
    snapshot_id: 1,
    sequence_number: 3,
    file_sequence_number: 4,
    data_file: {
      __duckdb_field_id: 2,
      __duckdb_nullable: false,
      content: {__duckdb_field_id: 134, __duckdb_nullable: false},
      file_path: {__duckdb_field_id: 100, __duckdb_nullable: false},
      file_format: {__duckdb_field_id: 101, __duckdb_nullable: false},
      partition: {__duckdb_field_id: 102, __duckdb_nullable: false, process_name: 1000},
      record_count: {__duckdb_field_id: 103, __duckdb_nullable: false},
      file_size_in_bytes: {__duckdb_field_id: 104, __duckdb_nullable: false}
    }
  },
  metadata {
    'schema': $schema,
    'partition-spec': $partition_spec,
    'partition-spec-id': $partition_spec_id,
    'format-version': '2',
    'content': 'data'
  }
)
