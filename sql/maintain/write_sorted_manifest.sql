-- @name maintain/write_sorted_manifest
-- What: one manifest of the sorted entries, all of them EXISTING: nothing looks new to anybody.
-- @param $first BIGINT place of its first entry
-- @param $last BIGINT place of its last entry, included
-- @param $destination VARCHAR path of the new manifest
-- @param $schema VARCHAR the table's schema as JSON (inside {{manifest_format}})
-- @param $schema_id INTEGER its id (inside {{manifest_format}})
-- @param $partition_spec VARCHAR the spec's fields as JSON (inside {{manifest_format}})
-- @param $partition_spec_id INTEGER id of the spec (inside {{manifest_format}})
-- @param $format_version INTEGER the table's format version (inside {{manifest_format}})
-- @param $content VARCHAR data or deletes (inside {{manifest_format}})
copy (
  select 0::integer as status, snapshot_id, sequence_number, file_sequence_number, data_file
  from maintain_sorted
  where place between $first and $last
  order by place
) to $destination ({{manifest_format}})
