-- @name fragments/inherited_row_id
-- What: the first row id of a data file: its own, else the manifest's and the rows of the files without one that stand before it there
--       (Iceberg specification, "First Row ID Inheritance"). None while the manifest has none: it was written before version 3.
-- @into fragments/inherited_entries {{first_row_id}}
case
  when adopted.first_row_id is not null then coalesce(
    entries.first_row_id,
    adopted.first_row_id + coalesce(
      sum(case when entries.status < 2 and entries.first_row_id is null then entries.data_file.record_count end)
        over (partition by entries.filename order by entries.position rows between unbounded preceding and 1 preceding),
      0
    )
  )
end::bigint
