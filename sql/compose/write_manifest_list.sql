-- @name compose/write_manifest_list
-- What: the manifest list of the one snapshot that a session publishes. Manifests that its staging snapshots added are adopted: their id
--       and sequence number become those of the composed snapshot; all others are carried over from one list as they are.
-- @param $manifest_lists VARCHAR[] the lists to read: the branch's, and the base's when it is another
-- @param $carried_list VARCHAR the list whose other manifests are carried over
-- @param $staging_snapshot_ids VARCHAR[] ids whose manifests are adopted
-- @param $snapshot_id VARCHAR id of the composed snapshot
-- @param $sequence_number VARCHAR its sequence number
-- @param $destination VARCHAR path of the new manifest list
-- @returns Count BIGINT
copy (
  select
    manifest_path,
    manifest_length,
    partition_spec_id,
    content,
    case when adopted then $sequence_number::bigint else sequence_number end as sequence_number,
    -- What staging added counts from the composed snapshot on; older files in a rewritten manifest keep their number.
    case when adopted and min_sequence_number = sequence_number then $sequence_number::bigint else min_sequence_number end as min_sequence_number,
    case when adopted then $snapshot_id::bigint else added_snapshot_id end as added_snapshot_id,
    added_files_count,
    existing_files_count,
    deleted_files_count,
    added_rows_count,
    existing_rows_count,
    deleted_rows_count,
    partitions
  from (
    select distinct on (manifest_path)
      *,
      added_snapshot_id in (select unnest($staging_snapshot_ids::bigint[])) as adopted
    from read_manifests($manifest_lists)
    where filename = $carried_list
      or added_snapshot_id in (select unnest($staging_snapshot_ids::bigint[]))
  )
  -- A manifest without live files only told an older snapshot about its removals.
  where adopted or added_files_count + existing_files_count > 0
  order by sequence_number, manifest_path
) to $destination ({{manifest_list_format}})
