-- @name tables/number_manifest
-- What: a manifest of new files with a sequence number of their own: rows that were only moved must not look younger than a delete that came since.
-- @param $manifest VARCHAR
-- @param $numbers JSON an array: path, sequence number
-- @param $destination VARCHAR path of the new manifest
-- @param $schema VARCHAR the table's schema as JSON (inside {{manifest_format}})
-- @param $schema_id INTEGER its id (inside {{manifest_format}})
-- @param $partition_spec VARCHAR the spec's fields as JSON (inside {{manifest_format}})
-- @param $partition_spec_id INTEGER id of the spec (inside {{manifest_format}})
-- @param $format_version INTEGER the table's format version (inside {{manifest_format}})
-- @param $content VARCHAR data or deletes (inside {{manifest_format}})
copy (
  with numbers as (
    select unnest(from_json($numbers, '[{"path": "VARCHAR", "sequence_number": "BIGINT"}]'), recursive := true)
  )
  select
    1::integer as status,
    null::bigint as snapshot_id,
    numbers.sequence_number,
    null::bigint as file_sequence_number,
    {{data_file}} as data_file
  from read_avro($manifest) as entry
  join numbers on numbers.path = entry.data_file.file_path
) to $destination ({{manifest_format}})
