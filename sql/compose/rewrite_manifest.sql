-- @name compose/rewrite_manifest
-- What: one new manifest in place of those that hold removed files: survivors as EXISTING (0), removed files as DELETED (2).
--       Removed files leave their snapshot id empty: they inherit the id of the snapshot that adopts this manifest
--       (Iceberg specification, "Snapshot ID Inheritance"); sequence numbers are written out, since only ADDED entries inherit them.
-- @param $manifests VARCHAR[] manifests of one partition spec
-- @param $manifest_list VARCHAR the manifest list that holds them, for ids and sequence numbers that entries inherit
-- @param $removed_files VARCHAR[] paths of the files to remove
-- @param $kept_files VARCHAR[] when not empty: only these files are written (a manifest of the files to carry over)
-- @param $destination VARCHAR path of the new manifest
-- @param $schema VARCHAR the table's schema as JSON
-- @param $partition_spec VARCHAR the spec's fields as JSON
-- @param $partition_spec_id VARCHAR id of the spec
-- @param $content VARCHAR data, or deletes
copy (
  with adopted as (
    select manifest_path, added_snapshot_id, sequence_number
    from read_avro($manifest_list)
  )
  select
    case when list_contains($removed_files::varchar[], data_file.file_path) then 2 else 0 end::integer as status,
    case when list_contains($removed_files::varchar[], data_file.file_path) then null else coalesce(entry.snapshot_id, adopted.added_snapshot_id) end as snapshot_id,
    coalesce(entry.sequence_number, adopted.sequence_number) as sequence_number,
    coalesce(entry.file_sequence_number, adopted.sequence_number) as file_sequence_number,
    {{data_file}} as data_file
  from read_manifests($manifests) as entry
  join adopted on adopted.manifest_path = entry.filename
  where entry.status < 2
    and (len($kept_files::varchar[]) = 0 or list_contains($kept_files::varchar[], data_file.file_path))
  -- Of several snapshots' manifests one may carry over what another added: a file is listed once.
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
    'content': $content
  }
)
