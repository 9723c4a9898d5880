-- @name maintain/number_manifest
-- What: a manifest of new files with a sequence number of their own: rows that were only moved must not look younger than a delete that came since.
-- @param $manifest VARCHAR
-- @param $numbers VARCHAR JSON array: path, sequence number
-- @param $destination VARCHAR path of the new manifest
-- @param $schema VARCHAR the table's schema as JSON
-- @param $schema_id VARCHAR its id
-- @param $partition_spec VARCHAR the spec's fields as JSON
-- @param $partition_spec_id VARCHAR id of the spec
-- @param $format_version VARCHAR the table's format version
copy (
  with numbers as (
    select unnest(from_json($numbers::json, '[{"path": "VARCHAR", "sequence_number": "BIGINT"}]'), recursive := true)
  )
  select
    1::integer as status,
    null::bigint as snapshot_id,
    numbers.sequence_number,
    null::bigint as file_sequence_number,
    {{data_file}} as data_file
  from read_avro($manifest) as entry
  join numbers on numbers.path = entry.data_file.file_path
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
