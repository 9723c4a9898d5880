-- @name fragments/existing_entries
-- What: the entries of a state table's manifests, files that are replaced marked as removed.
-- @into tables/write_single_manifest {{existing}}
-- @param $manifest_list VARCHAR
-- @param $manifests VARCHAR[] its data manifests
-- @param $removed_files VARCHAR[]
select
  case when list_contains($removed_files, data_file.file_path) then 2 else 0 end::integer as status,
  case when list_contains($removed_files, data_file.file_path) then null else coalesce(entry.snapshot_id, list.added_snapshot_id) end as snapshot_id,
  coalesce(entry.sequence_number, list.sequence_number) as sequence_number,
  coalesce(entry.file_sequence_number, list.sequence_number) as file_sequence_number,
  struct_pack(
    content := 0,
    file_path := data_file.file_path,
    file_format := data_file.file_format,
    partition := {'process_name': data_file.partition.process_name},
    record_count := data_file.record_count,
    file_size_in_bytes := data_file.file_size_in_bytes
  ) as data_file
from read_manifests($manifests) as entry
join read_avro($manifest_list) as list on list.manifest_path = entry.filename
where entry.status < 2
union all
