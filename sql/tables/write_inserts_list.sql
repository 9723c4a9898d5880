-- @name tables/write_inserts_list
-- What: the manifest list of the rows that a session staged: the manifests that its inserts added, and nothing else.
-- @param $manifest_list VARCHAR the branch's list
-- @param $insert_snapshot_ids BIGINT[] the snapshots of its inserts
-- @param $destination VARCHAR path of the new manifest list
-- @returns Count BIGINT
copy (
  with composed as (
    select *
    from manifest_list($manifest_list)
    where added_snapshot_id in (select unnest($insert_snapshot_ids::bigint[]))
  )
  {{listed}}
) to $destination ({{manifest_list_format}})
