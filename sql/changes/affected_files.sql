-- @name changes/affected_files
-- What: live data files of a snapshot that delete files may be about, and that are older than those: named by them, or in the same partition spec.
-- @param $manifest_list VARCHAR the snapshot's manifest list, for sequence numbers that entries inherit
-- @param $manifests VARCHAR[] its data manifests of one partition spec, those of format version 1 apart
-- @param $paths VARCHAR[] data files named by position deletes and deletion vectors
-- @param $equality_sequence_number BIGINT the greatest sequence number of an equality delete that may apply; 0 when there is none
-- @param $newest BIGINT files with a greater sequence number are news of their own
-- @param $key_ids INTEGER[] field ids of the equality deletes' columns
-- @returns manifest_path VARCHAR, path VARCHAR, partition VARCHAR NULL (as JSON), sequence_number BIGINT, rows BIGINT,
--          null_keys BIGINT NULL (NULL: the manifest does not say)
with lists as (
  select manifest_path, sequence_number
  from manifest_list($manifest_list)
),
entries as (
  select null::integer as status, null::bigint as sequence_number where false
  union all by name
  select * from read_manifests($manifests)
),
files as (
  select
    entries.filename as manifest_path,
    entries.data_file.file_path as path,
    to_json(entries.data_file.partition)::varchar as partition,
    coalesce(entries.sequence_number, lists.sequence_number, 0) as sequence_number,
    entries.data_file.record_count as rows,
    list_sum(list_transform($key_ids, lambda id: entries.data_file.null_value_counts[id]))::bigint as null_keys,
    list_count(list_transform($key_ids, lambda id: entries.data_file.null_value_counts[id])) as known_keys
  from entries
  join lists on lists.manifest_path = entries.filename
  where entries.status < 2
)
select
  manifest_path,
  path,
  partition,
  sequence_number,
  rows,
  case when known_keys = len($key_ids) then coalesce(null_keys, 0) end as null_keys
from files
where sequence_number <= $newest
  and (sequence_number < $equality_sequence_number or list_contains($paths, path))
