-- @name maintain/write_moved_manifest
-- What: a manifest for the new folder of a warehouse: every entry and column as it is and in the same order (row ids follow it), but for paths.
-- @param $manifest VARCHAR the manifest as it was
-- @param $deletes VARCHAR[] delete files that were written anew, as entries name them
-- @param $new_deletes VARCHAR[] what stands in their place, in the same order
-- @param $new_sizes BIGINT[] their sizes in bytes
-- @param $former VARCHAR the former folder
-- @param $present VARCHAR the folder now
-- @param $destination VARCHAR path of the new manifest
-- @returns Count BIGINT
copy (
  with rewritten as (
    select unnest($deletes) as path, unnest($new_deletes) as new_path, unnest($new_sizes) as new_size
  ),
  entries as (
    select *, row_number() over () as position
    from read_avro($manifest)
  ),
  placed as (
    select
      entries.*,
      coalesce(rewritten.new_path, moved_path(entries.data_file.file_path, $former, $present)) as new_path,
      coalesce(rewritten.new_size, entries.data_file.file_size_in_bytes) as new_size
    from entries
    left join rewritten on rewritten.path = entries.data_file.file_path
  )
  select placed.* exclude (position, new_path, new_size) replace ({{data_file}} as data_file)
  from placed
  order by position
) to $destination ({{avro_format}})
