-- @name tables/rewrite_manifest
-- What: one new manifest in place of several: survivors as EXISTING (0), removed files as DELETED (2).
--       Removed files leave their snapshot id empty: they inherit the id of the snapshot that adopts this manifest
--       (Iceberg specification, "Snapshot ID Inheritance"); sequence numbers and row ids are written out, since only ADDED entries inherit them.
-- @param $manifests VARCHAR[] manifests of one partition spec, one kind of content and one shape (inside {{inherited}})
-- @param $manifest_list VARCHAR the manifest list that holds them, for what entries inherit (inside {{inherited}})
-- @param $removed_files VARCHAR[] the files to remove: paths, and of deletion vectors path and offset
-- @param $kept_files VARCHAR[] when not empty: only these files are written (a manifest of the files to carry over)
-- @param $destination VARCHAR path of the new manifest
-- @param $schema VARCHAR the table's schema as JSON (inside {{manifest_format}})
-- @param $schema_id INTEGER its id (inside {{manifest_format}})
-- @param $partition_spec VARCHAR the spec's fields as JSON (inside {{manifest_format}})
-- @param $partition_spec_id INTEGER id of the spec (inside {{manifest_format}})
-- @param $format_version INTEGER the table's format version (inside {{manifest_format}})
-- @param $content VARCHAR data or deletes (inside {{manifest_format}})
copy (
  with {{inherited}},
  live as (
    select *, file_key in (select unnest($removed_files)) as removed
    from inherited
    where status < 2
      and (len($kept_files) = 0 or file_key in (select unnest($kept_files)))
    -- Of several snapshots' manifests one may carry over what another added: a file is listed once.
    qualify row_number() over (partition by file_key order by status desc) = 1
  )
  select
    case when removed then 2 else 0 end::integer as status,
    case when not removed then snapshot_id end as snapshot_id,
    sequence_number,
    file_sequence_number,
    {{data_file}} as data_file
  from live
) to $destination ({{manifest_format}})
