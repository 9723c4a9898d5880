-- @name maintain/write_sorted_manifest
-- What: one manifest of the sorted entries, all of them EXISTING: nothing looks new to anybody.
-- @param $first VARCHAR place of its first entry
-- @param $last VARCHAR place of its last entry, included
-- @param $destination VARCHAR path of the new manifest
-- @param $schema VARCHAR the table's schema as JSON
-- @param $schema_id VARCHAR its id
-- @param $partition_spec VARCHAR the spec's fields as JSON
-- @param $partition_spec_id VARCHAR id of the spec
-- @param $format_version VARCHAR the table's format version
copy (
  select 0::integer as status, snapshot_id, sequence_number, file_sequence_number, data_file
  from maintain_sorted
  where place between $first::bigint and $last::bigint
  order by place
) to $destination (
  format avro,
  root_name 'manifest_entry',
  field_ids {{entry_field_ids}},
  metadata {
    'schema': $schema,
    'schema-id': $schema_id,
    'partition-spec': $partition_spec,
    'partition-spec-id': $partition_spec_id,
    'format-version': $format_version,
    'content': 'data'
  }
)
