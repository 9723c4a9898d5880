-- @name compose/copy_entries
-- What: one manifest that lists single files of a table, for a view of exactly those. A file may stand in several of the manifests (added
--       in one, carried over into a merged one): it is taken once.
-- @param $manifests VARCHAR[] manifests of one partition spec
-- @param $manifest_lists VARCHAR[] the manifest lists that hold them, for ids and sequence numbers that entries inherit
-- @param $files VARCHAR[] paths of the files
-- @param $destination VARCHAR path of the new manifest
-- @param $schema VARCHAR the table's schema as JSON
-- @param $partition_spec VARCHAR the spec's fields as JSON
-- @param $partition_spec_id VARCHAR id of the spec
copy (
  with adopted as (
    select distinct manifest_path, added_snapshot_id, sequence_number
    from read_avro($manifest_lists)
  )
  select
    0::integer as status,
    coalesce(entry.snapshot_id, adopted.added_snapshot_id) as snapshot_id,
    coalesce(entry.sequence_number, adopted.sequence_number) as sequence_number,
    coalesce(entry.file_sequence_number, adopted.sequence_number) as file_sequence_number,
    {{data_file}} as data_file
  from read_avro($manifests, filename = true) as entry
  join adopted on adopted.manifest_path = entry.filename
  where entry.status < 2
    and entry.data_file.file_path in (select unnest($files::varchar[]))
  qualify row_number() over (partition by entry.data_file.file_path order by entry.status desc) = 1
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
