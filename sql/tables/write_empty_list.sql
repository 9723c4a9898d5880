-- @name tables/write_empty_list
-- What: the manifest list of a snapshot that holds no file at all.
-- @param $first_row_id BIGINT the table's next row id; version 3 only (perhaps inside {{listed}})
-- @param $destination VARCHAR path of the new manifest list
-- @returns Count BIGINT
copy (
  with composed as (
    {{no_manifest_row}}
  )
  {{listed}}
) to $destination ({{manifest_list_format}})
