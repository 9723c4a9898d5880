-- @name tables/mend_manifest
-- What: a copy of a manifest that was written and not committed yet, its entries as new as they are, without what no reader can use (tables/cut_texts).
-- @param $manifest VARCHAR
-- @param $destination VARCHAR path of the copy
-- @param $schema VARCHAR the table's schema as JSON (inside {{manifest_format}})
-- @param $schema_id INTEGER its id (inside {{manifest_format}})
-- @param $partition_spec VARCHAR the spec's fields as JSON (inside {{manifest_format}})
-- @param $partition_spec_id INTEGER id of the spec (inside {{manifest_format}})
-- @param $format_version INTEGER the table's format version (inside {{manifest_format}})
-- @param $content VARCHAR data or deletes (inside {{manifest_format}})
copy (
  with entries as (
    select {{entry_columns}}
    from read_avro($manifest)
  )
  select status, snapshot_id, sequence_number, file_sequence_number, {{data_file}} as data_file
  from entries
) to $destination ({{manifest_format}})
