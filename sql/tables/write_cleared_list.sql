-- @name tables/write_cleared_list
-- What: the manifest list of the base snapshot with some manifests rewritten. A rewritten manifest's partition summary is the union of
--       those it replaces, so it still covers every file in it.
-- @param $manifest_list VARCHAR the base's list
-- @param $affected_manifests VARCHAR[] manifests that give way to the rewritten ones
-- @param $integer_fields VARCHAR[] `spec:position` (from 1) of partition fields that are ordered as integers (perhaps inside {{summaries}})
-- @param $byte_fields VARCHAR[] `spec:position` of partition fields that are ordered as bytes (perhaps inside {{summaries}})
-- @param $snapshot_id BIGINT id of the cleared snapshot (inside {{rewritten}})
-- @param $sequence_number BIGINT its sequence number (inside {{rewritten}})
-- @param $first_row_id BIGINT the table's next row id; version 3 only (perhaps inside {{listed}})
-- @param $destination VARCHAR path of the new manifest list
-- @returns Count BIGINT
copy (
  with base as (
    select * exclude (filename) from manifest_list($manifest_list)
  ),
  affected as (
    select * from base
    where manifest_path in (select unnest($affected_manifests))
  ),
  {{summaries}},
  rewritten as (
    {{rewritten}}
  ),
  composed as (
    select * exclude (is_live) from base
    where manifest_path not in (select unnest($affected_manifests))
      and is_live
    union all by name
    select rewritten.* exclude (partitions), summaries.partitions
    from rewritten
    left join summaries using (partition_spec_id, content)
  )
  {{listed}}
) to $destination ({{manifest_list_format}})
