-- @name fragments/manifest_list_format
-- What: the options of COPY that make an Avro file a manifest list: field ids and required fields as the specification has them
--       (Iceberg specification, "Manifest Lists"); spliced into the statements that write one. Version 3 has one more: the first row id.
-- @into tables/write_change_list {{manifest_list_format}}, tables/write_cleared_list {{manifest_list_format}},
--       tables/write_empty_list {{manifest_list_format}}, tables/write_files_list {{manifest_list_format}},
--       tables/write_inserts_list {{manifest_list_format}},
--       tables/write_manifest_list {{manifest_list_format}},
--       tables/write_mended_list {{manifest_list_format}},
--       tables/write_readable_list {{manifest_list_format}},
--       tables/write_replaced_list {{manifest_list_format}},
--       tables/write_single_list {{manifest_list_format}}, tables/write_staged_list {{manifest_list_format}}
format avro,
root_name 'manifest_file',
field_ids {
  manifest_path: {__duckdb_field_id: 500, __duckdb_nullable: false},
  manifest_length: {__duckdb_field_id: 501, __duckdb_nullable: false},
  partition_spec_id: {__duckdb_field_id: 502, __duckdb_nullable: false},
  content: {__duckdb_field_id: 517, __duckdb_nullable: false},
  sequence_number: {__duckdb_field_id: 515, __duckdb_nullable: false},
  min_sequence_number: {__duckdb_field_id: 516, __duckdb_nullable: false},
  added_snapshot_id: {__duckdb_field_id: 503, __duckdb_nullable: false},
  added_files_count: {__duckdb_field_id: 504, __duckdb_nullable: false},
  existing_files_count: {__duckdb_field_id: 505, __duckdb_nullable: false},
  deleted_files_count: {__duckdb_field_id: 506, __duckdb_nullable: false},
  added_rows_count: {__duckdb_field_id: 512, __duckdb_nullable: false},
  existing_rows_count: {__duckdb_field_id: 513, __duckdb_nullable: false},
  deleted_rows_count: {__duckdb_field_id: 514, __duckdb_nullable: false},
  partitions: {
    __duckdb_field_id: 507,
    list: {
      __duckdb_field_id: 508,
      contains_null: {__duckdb_field_id: 509, __duckdb_nullable: false},
      contains_nan: 518,
      lower_bound: 510,
      upper_bound: 511
    }
  }{{row_lineage}}
}
