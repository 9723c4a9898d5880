-- @name tables/write_replaced_list
-- What: the manifest list of a snapshot that replaces files: what the base holds, without the manifests that were rewritten, and the new ones.
-- @param $manifest_list VARCHAR the base's list
-- @param $replaced_manifests VARCHAR[]
-- @param $snapshot_id BIGINT (inside {{new_manifests}})
-- @param $sequence_number BIGINT (inside {{new_manifests}})
-- @param $first_row_id BIGINT the table's next row id; version 3 only (perhaps inside {{listed}})
-- @param $destination VARCHAR path of the new manifest list
-- @returns Count BIGINT
copy (
  with composed as (
    select * exclude (filename, is_live)
    from manifest_list($manifest_list)
    where manifest_path not in (select unnest($replaced_manifests))
      -- A manifest without live files only told an older snapshot about its removals.
      and is_live
    union all by name
    {{new_manifests}}
  )
  {{listed}}
) to $destination ({{manifest_list_format}})
