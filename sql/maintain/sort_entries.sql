-- @name maintain/sort_entries
-- What: the live entries of manifests of one partition spec in the order of their partitions, with ids and numbers written out.
-- @param $manifests VARCHAR[]
-- @param $manifest_list VARCHAR the list that holds them, for what entries inherit
create or replace temp table maintain_sorted as
select
  coalesce(entry.snapshot_id, list.added_snapshot_id) as snapshot_id,
  coalesce(entry.sequence_number, list.sequence_number) as sequence_number,
  coalesce(entry.file_sequence_number, list.sequence_number) as file_sequence_number,
  {{data_file}} as data_file,
  row_number() over (order by {{partition_order}}) as position
from read_avro($manifests, filename = true) as entry
join read_avro($manifest_list) as list on list.manifest_path = entry.filename
where entry.status < 2
