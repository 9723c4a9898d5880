-- @name compose/write_uncounted_list
-- What: a manifest list as it is, but for the row counts of delete manifests. DuckDB 1.5.5 takes these off its estimate of the table's rows, and fails
--       with an internal error where there are more of them than rows: an equality delete counts in every partition, whether it hits anything or not.
-- @param $manifest_list VARCHAR
-- @param $destination VARCHAR path of the new manifest list
-- @returns Count BIGINT
copy (
  with composed as (
    select * replace (case when content = 1 then 0 else added_rows_count end as added_rows_count)
    from manifest_list($manifest_list)
  )
  {{listed}}
) to $destination ({{manifest_list_format}})
