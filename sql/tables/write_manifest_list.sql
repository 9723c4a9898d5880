-- @name tables/write_manifest_list
-- What: the manifest list of the one snapshot that a session publishes. Manifests that its staging snapshots added are adopted: their id
--       and sequence number become those of the composed snapshot, and their rows are numbered anew; all others are carried over as they are.
-- @param $carried_list VARCHAR the list whose other manifests are carried over
-- @param $staged_list VARCHAR the branch's list, for what staging added
-- @param $staging_snapshot_ids BIGINT[] ids whose manifests are adopted
-- @param $snapshot_id BIGINT id of the composed snapshot
-- @param $sequence_number BIGINT its sequence number
-- @param $first_row_id BIGINT the table's next row id; version 3 only (perhaps inside {{listed}})
-- @param $destination VARCHAR path of the new manifest list
-- @returns Count BIGINT
copy (
  with asked as (
    select $staging_snapshot_ids::bigint[] as staging_ids, $snapshot_id::bigint as new_snapshot_id, $sequence_number::bigint as new_sequence_number
  ),
  candidates as (
    select *, true as carried from manifest_list($carried_list)
    union all
    select *, false as carried from manifest_list($staged_list)
  ),
  chosen as (
    select distinct on (manifest_path)
      *,
      list_contains(staging_ids, added_snapshot_id) as adopted
    from candidates, asked
    where carried
      or list_contains(staging_ids, added_snapshot_id)
  ),
  composed as (
    select * replace (
      case when adopted then new_sequence_number else sequence_number end as sequence_number,
      -- What staging added counts from the composed snapshot on; older files in a rewritten manifest keep their number.
      case when adopted and min_sequence_number = sequence_number then new_sequence_number else min_sequence_number end as min_sequence_number,
      case when adopted then new_snapshot_id else added_snapshot_id end as added_snapshot_id,
      -- Ids that staging took were never published; what is published now is numbered from the table's next id on.
      case when not adopted and added_snapshot_id <> new_snapshot_id then first_row_id end as first_row_id,
      -- DuckDB 1.5.5 takes NaN for the greatest value of a partition and says that there is none; PyIceberg then misses the rows with NaN (2026-11-27).
      case
        when adopted and len(list_filter(partitions, lambda summary: hex(summary.upper_bound) similar to '.*(F87F|C07F)')) > 0 then null
        else partitions
      end as partitions
    )
    from chosen
    -- A manifest without live files only told an older snapshot about its removals.
    where adopted or is_live
  )
  {{listed}}
) to $destination ({{manifest_list_format}})
