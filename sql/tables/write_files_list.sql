-- @name tables/write_files_list
-- What: the manifest list of a view of single files: the manifests written for them, and the row-level deletes of the snapshot they come from.
-- @param $manifest_list VARCHAR the list of that snapshot
-- @param $with_deletes BOOLEAN whether its delete manifests are shown too
-- @param $snapshot_id BIGINT id of the snapshot shown (inside {{rewritten}})
-- @param $sequence_number BIGINT its sequence number (inside {{rewritten}})
-- @param $destination VARCHAR path of the new manifest list
-- @returns Count BIGINT
copy (
  with rewritten as (
    {{rewritten}}
  ),
  composed as (
    select * replace (0::bigint as first_row_id)
    from rewritten
    -- Of several shapes of manifests one may hold none of the files; a list that names an empty manifest says that it may hold some.
    where added_files_count + existing_files_count > 0
    union all by name
    select * exclude (filename, is_live)
    from manifest_list($manifest_list)
    where content = 1
      and is_live
      and $with_deletes
  )
  {{listed}}
) to $destination ({{manifest_list_format}})
