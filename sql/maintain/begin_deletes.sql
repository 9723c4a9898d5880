-- @name maintain/begin_deletes
-- What: an empty list of a table's live delete files, as tables/live_entries describes them.
create or replace temp table maintain_deletes (
  manifest_path varchar,
  file_key varchar,
  path varchar,
  format varchar,
  partition_key varchar,
  kind varchar,
  referenced_data_file varchar,
  sequence_number bigint,
  -- An equality delete of an unpartitioned spec applies to every partition (Iceberg specification, "Scan Planning").
  is_global boolean
)
