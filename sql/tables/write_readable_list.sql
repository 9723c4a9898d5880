-- @name tables/write_readable_list
-- What: a manifest list as DuckDB reads it rightly: data manifests with misleading bounds are replaced by copies without them, manifests of specs with fields by
--       which DuckDB would skip too much are not summarised, and delete manifests count no rows. DuckDB 1.5.5 takes those off its estimate of the table's rows, and fails with an internal error where there are more of them than rows: an equality
--       delete counts in every partition, whether it hits anything or not.
-- @param $manifest_list VARCHAR
-- @param $replaced VARCHAR[] the manifests that are replaced
-- @param $unsummarised INTEGER[] ids of those specs
-- @param $snapshot_id BIGINT id of the snapshot shown (perhaps inside {{rewritten}})
-- @param $sequence_number BIGINT its sequence number (perhaps inside {{rewritten}})
-- @param $destination VARCHAR path of the new manifest list
-- @returns Count BIGINT
copy (
  with rewritten as (
    {{rewritten}}
  ),
  composed as (
    select * replace (0::bigint as first_row_id)
    from rewritten
    union all by name
    select * exclude (filename, is_live) replace (
      case when content = 1 then 0 else added_rows_count end as added_rows_count,
      case when not list_contains($unsummarised, partition_spec_id) then partitions end as partitions
    )
    from manifest_list($manifest_list)
    where not list_contains($replaced, manifest_path)
  )
  {{listed}}
) to $destination ({{manifest_list_format}})
