-- @name changes/live_rows_before
-- What: the live files of a snapshot whose data sequence number is above the watermark's, and how many rows at or below it still live:
--       if as many as at the watermark, nothing was removed since and the newer files are exactly the news.
-- @param $manifest_list VARCHAR the head's manifest list
-- @param $manifests VARCHAR[] data manifests of it, those of format version 1 apart
-- @param $sequence_number BIGINT the watermark's sequence number
-- @returns older_rows BIGINT, own_rows BIGINT (at exactly that number), newer_files VARCHAR[], newer_deletes BOOLEAN (single rows were deleted since)
with lists as (
  select manifest_path, sequence_number, content
  from manifest_list($manifest_list)
),
entries as (
  select null::integer as status, null::bigint as sequence_number where false
  union all by name
  select * from read_manifests($manifests)
),
files as (
  select
    entries.data_file.file_path as path,
    entries.data_file.record_count as rows,
    coalesce(entries.sequence_number, lists.sequence_number) as sequence_number
  from entries
  join lists on lists.manifest_path = entries.filename
  where entries.status < 2
)
select
  coalesce(sum(rows) filter (sequence_number <= $sequence_number), 0)::bigint as older_rows,
  coalesce(sum(rows) filter (sequence_number = $sequence_number), 0)::bigint as own_rows,
  coalesce(list(path) filter (sequence_number > $sequence_number), []) as newer_files,
  exists (from lists where content = 1 and sequence_number > $sequence_number) as newer_deletes
from files
