-- @name maintain/write_moved_list
-- What: a manifest list for the new folder of a warehouse: every row and column as it is, but for where the manifests lie and how long they are.
-- @param $manifest_list VARCHAR the list as it was
-- @param $manifests VARCHAR[] manifests that were written anew, as the list names them
-- @param $new_manifests VARCHAR[] what stands in their place, in the same order
-- @param $new_lengths BIGINT[] their lengths in bytes
-- @param $former VARCHAR the former folder
-- @param $present VARCHAR the folder now
-- @param $destination VARCHAR path of the new list
-- @returns Count BIGINT
copy (
  with rewritten as (
    select unnest($manifests) as path, unnest($new_manifests) as new_path, unnest($new_lengths) as new_length
  ),
  listed as (
    select *, row_number() over () as position
    from read_avro($manifest_list)
  )
  select listed.* exclude (position) replace (
    coalesce(rewritten.new_path, moved_path(listed.manifest_path, $former, $present)) as manifest_path,
    coalesce(rewritten.new_length, listed.manifest_length) as manifest_length
  )
  from listed
  left join rewritten on rewritten.path = listed.manifest_path
  order by position
) to $destination ({{avro_format}})
