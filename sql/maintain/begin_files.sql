-- @name maintain/begin_files
-- What: an empty list of a table's live data files; the statements of this folder fill it and choose from it.
create or replace temp table maintain_files (
  manifest_path varchar,
  spec_id integer,
  partition_key varchar,
  path varchar,
  rows bigint,
  bytes bigint,
  sequence_number bigint
)
