-- @name maintain/write_replaced_list
-- What: the manifest list of a snapshot that replaces files: what the base holds, without the manifests that were rewritten, and the new ones.
-- @param $manifest_list VARCHAR the base's list
-- @param $replaced_manifests VARCHAR[]
-- @param $snapshot_id VARCHAR (inside {{new_manifests}})
-- @param $sequence_number VARCHAR (inside {{new_manifests}})
-- @param $destination VARCHAR path of the new manifest list
-- @returns Count BIGINT
copy (
  select *
  from (
    select
      manifest_path, manifest_length, partition_spec_id, content, sequence_number, min_sequence_number, added_snapshot_id,
      added_files_count, existing_files_count, deleted_files_count, added_rows_count, existing_rows_count, deleted_rows_count, partitions
    from read_avro($manifest_list)
    where manifest_path not in (select unnest($replaced_manifests::varchar[]))
      -- A manifest without live files only told an older snapshot about its removals.
      and added_files_count + existing_files_count > 0
    union all by name
    {{new_manifests}}
  )
  order by sequence_number, manifest_path
) to $destination ({{manifest_list_format}})
