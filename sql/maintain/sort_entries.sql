-- @name maintain/sort_entries
-- What: the live entries of manifests of one shape in the order of their partitions, with ids and numbers written out.
-- @param $manifests VARCHAR[]
-- @param $manifest_list VARCHAR the list that holds them, for what entries inherit
create or replace temp table maintain_sorted as
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
)
select
  snapshot_id,
  sequence_number,
  file_sequence_number,
  {{data_file}} as data_file,
  row_number() over (order by {{partition_order}}) as place
from inherited
where status < 2
