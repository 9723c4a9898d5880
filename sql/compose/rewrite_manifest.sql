-- @name compose/rewrite_manifest
-- What: one new manifest in place of several: survivors as EXISTING (0), removed files as DELETED (2).
--       Removed files leave their snapshot id empty: they inherit the id of the snapshot that adopts this manifest
--       (Iceberg specification, "Snapshot ID Inheritance"); sequence numbers and row ids are written out, since only ADDED entries inherit them.
-- @param $manifests VARCHAR[] manifests of one partition spec, one kind of content and one shape
-- @param $manifest_list VARCHAR the manifest list that holds them, for what entries inherit
-- @param $removed_files VARCHAR[] the files to remove: paths, and of deletion vectors path and offset
-- @param $kept_files VARCHAR[] when not empty: only these files are written (a manifest of the files to carry over)
-- @param $destination VARCHAR path of the new manifest
-- @param $schema VARCHAR the table's schema as JSON
-- @param $schema_id VARCHAR its id
-- @param $partition_spec VARCHAR the spec's fields as JSON
-- @param $partition_spec_id VARCHAR id of the spec
-- @param $format_version VARCHAR the table's format version
-- @param $content VARCHAR data or deletes
copy (
  with adopted as (
    select manifest_path, added_snapshot_id, sequence_number, first_row_id
    from manifest_list($manifest_list)
  ),
  entries as (
    select {{entry_columns}}, {{file_key}} as file_key, filename
    from read_avro($manifests, filename = true)
  ),
  inherited as (
    select
      entries.status,
      entries.file_key,
      coalesce(entries.snapshot_id, adopted.added_snapshot_id) as snapshot_id,
      coalesce(entries.sequence_number, adopted.sequence_number) as sequence_number,
      coalesce(entries.file_sequence_number, adopted.sequence_number) as file_sequence_number,
      {{first_row_id}} as first_row_id,
      entries.data_file
    from entries
    join adopted on plain_path(adopted.manifest_path) = entries.filename
  ),
  live as (
    select *, file_key in (select unnest($removed_files::varchar[])) as removed
    from inherited
    where status < 2
      and (len($kept_files::varchar[]) = 0 or file_key in (select unnest($kept_files::varchar[])))
    -- Of several snapshots' manifests one may carry over what another added: a file is listed once.
    qualify row_number() over (partition by file_key order by status desc) = 1
  )
  select
    case when removed then 2 else 0 end::integer as status,
    case when not removed then snapshot_id end as snapshot_id,
    sequence_number,
    file_sequence_number,
    {{data_file}} as data_file
  from live
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
    'content': $content
  }
)
