-- @name fragments/first_row_ids
-- What: the column `first_row_id` of a manifest list: a data manifest keeps the one it has; one that has none gets the next free ones, as many as it
--       lists rows, since any of its files may be without (Iceberg specification, "First Row ID Assignment").
-- @into fragments/listed_manifests {{row_lineage}}
-- @param $first_row_id BIGINT the first id that the table has not given away
,
  case
    when content = 0 then coalesce(
      first_row_id,
      $first_row_id + coalesce(
        sum(case when content = 0 and first_row_id is null then added_rows_count + existing_rows_count end)
          over (order by sequence_number, manifest_path rows between unbounded preceding and 1 preceding),
        0
      )
    )
  end::bigint as first_row_id
