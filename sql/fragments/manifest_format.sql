-- @name fragments/manifest_format
-- What: the options of COPY that make an Avro file a manifest: field ids, and what it says of its table (Iceberg specification, "Manifests"); spliced into the
--       statements that write one.
-- @into maintain/write_sorted_manifest {{manifest_format}}, tables/mend_manifest {{manifest_format}},
--       tables/number_manifest {{manifest_format}}, tables/rewrite_manifest {{manifest_format}},
--       tables/write_file_manifest {{manifest_format}}
-- @param $schema VARCHAR the table's schema as JSON
-- @param $schema_id INTEGER its id
-- @param $partition_spec VARCHAR the spec's fields as JSON
-- @param $partition_spec_id INTEGER id of the spec
-- @param $format_version INTEGER the table's format version
-- @param $content VARCHAR data or deletes
format avro,
root_name 'manifest_entry',
field_ids {{entry_field_ids}},
metadata {
  'schema': $schema,
  'schema-id': $schema_id,
  'partition-spec': $partition_spec,
  'partition-spec-id': $partition_spec_id,
  'format-version': $format_version,
  'content': $content
}
