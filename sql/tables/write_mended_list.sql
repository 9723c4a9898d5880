-- @name tables/write_mended_list
-- What: a manifest list with copies of some of its manifests in their place. Partition summaries of the copies are left out: they were made of what was mended.
-- @param $manifest_list VARCHAR
-- @param $mended VARCHAR[] the manifests that have a copy
-- @param $copies VARCHAR[] the copies, in the same order
-- @param $destination VARCHAR path of the new manifest list
-- @returns Count BIGINT
copy (
  with mended as (
    select unnest($mended) as old_path, unnest($copies) as new_path
  ),
  sized as (
    select old_path, new_path, size
    from mended
    join read_blob($copies) as written on plain_path(new_path) = plain_path(as_stored(written.filename))
  ),
  composed as (
    select listed.* exclude (filename, is_live) replace (
      coalesce(new_path, manifest_path) as manifest_path,
      coalesce(size, manifest_length) as manifest_length,
      case when new_path is null then partitions end as partitions
    )
    from manifest_list($manifest_list) as listed
    left join sized on old_path = manifest_path
  )
  {{listed}}
) to $destination ({{manifest_list_format}})
