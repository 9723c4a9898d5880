-- @name maintain/write_sorted_manifest
-- What: one manifest of the sorted entries, all of them EXISTING: nothing looks new to anybody.
-- @param $first VARCHAR position of its first entry
-- @param $last VARCHAR position of its last entry, included
-- @param $destination VARCHAR path of the new manifest
-- @param $schema VARCHAR the table's schema as JSON
-- @param $partition_spec VARCHAR the spec's fields as JSON
-- @param $partition_spec_id VARCHAR id of the spec
copy (
  select 0::integer as status, snapshot_id, sequence_number, file_sequence_number, data_file
  from maintain_sorted
  where position between $first::bigint and $last::bigint
  order by position
) to $destination (
  format avro,
  root_name 'manifest_entry',
  field_ids {{entry_field_ids}},
  metadata {
    'schema': $schema,
    'partition-spec': $partition_spec,
    'partition-spec-id': $partition_spec_id,
    'format-version': '2',
    'content': 'data'
  }
)
