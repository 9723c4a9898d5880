-- @name tables/take_over_entries
-- What: one new manifest of the files that another engine has added, in place of its own ones: the entries leave snapshot id and sequence numbers empty, and
--       inherit those of the snapshot that adopts this manifest (Iceberg specification, "Snapshot ID Inheritance"). With the ids of the engine's own
--       snapshots, which are in no history, readers of changes would not see the files.
-- @param $manifests VARCHAR[] manifests of one partition spec and one shape
-- @param $destination VARCHAR path of the new manifest
-- @param $schema VARCHAR the table's schema as JSON (inside {{manifest_format}})
-- @param $schema_id INTEGER its id (inside {{manifest_format}})
-- @param $partition_spec VARCHAR the spec's fields as JSON (inside {{manifest_format}})
-- @param $partition_spec_id INTEGER id of the spec (inside {{manifest_format}})
-- @param $format_version INTEGER the table's format version (inside {{manifest_format}})
-- @param $content VARCHAR data or deletes (inside {{manifest_format}})
copy (
  select
    1::integer as status,
    null::bigint as snapshot_id,
    null::bigint as sequence_number,
    null::bigint as file_sequence_number,
    {{data_file}} as data_file
  from read_avro($manifests)
  where status = 1
) to $destination ({{manifest_format}})
