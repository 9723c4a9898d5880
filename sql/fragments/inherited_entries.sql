-- @name fragments/inherited_entries
-- What: the entries of manifests as the relation `inherited`, with everything written out that an entry may take from its manifest's row in the list
--       (Iceberg specification, "Snapshot ID Inheritance" and "Sequence Number Inheritance"); the beginning of the statements that write entries anew.
-- @into maintain/sort_entries {{inherited}}, tables/rewrite_manifest {{inherited}}
-- @param $manifests VARCHAR[] manifests of one shape
-- @param $manifest_list VARCHAR the manifest list that holds them
adopted as (
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
  join adopted on plain_path(adopted.manifest_path) = as_stored(entries.filename)
)
