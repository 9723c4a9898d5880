-- @name macros/manifest_list
-- What: the rows of manifest lists, with every column of format version 3, whoever wrote them and in which version: what a version 1
--       list does not have is 0, as the Iceberg specification says ("Reading v1 metadata for v2"). Older writers call the counts `added_data_files_count` and so on.
--       A delete manifest has no row ids, whatever its writer put there (DuckDB 1.5.5 numbers them too). Small lists are read so without DuckDB (`iceberg/manifest-row.ts`).
--       (Not a temporary macro: statements on forked connections need it too.)
-- @gives a table: the columns of `manifest_file`, is_live (it lists live files, as far as anybody knows) and filename (the list)
create or replace macro manifest_list(lists) as table (
  with listed as (
    select * from read_avro(lists, filename = true)
  )
  select
    manifest_path,
    manifest_length,
    partition_spec_id,
    coalesce(content, 0)::integer as content,
    coalesce(sequence_number, 0)::bigint as sequence_number,
    coalesce(min_sequence_number, 0)::bigint as min_sequence_number,
    added_snapshot_id,
    coalesce(added_files_count, added_data_files_count) as added_files_count,
    coalesce(existing_files_count, existing_data_files_count) as existing_files_count,
    coalesce(deleted_files_count, deleted_data_files_count) as deleted_files_count,
    added_rows_count,
    existing_rows_count,
    deleted_rows_count,
    partitions,
    case when coalesce(content, 0) = 0 then first_row_id end as first_row_id,
    -- All counts 0 means unknown: so DuckDB carries on the manifests of a version 1 table. Nobody may take such a manifest for an empty one.
    coalesce(
      coalesce(added_files_count, added_data_files_count) + coalesce(existing_files_count, existing_data_files_count) > 0
      or coalesce(added_files_count, added_data_files_count) + coalesce(existing_files_count, existing_data_files_count) + coalesce(deleted_files_count, deleted_data_files_count) = 0,
      true
    ) as is_live,
    filename
  from (
    select
      null::varchar as manifest_path,
      null::integer as content,
      null::bigint as sequence_number,
      null::bigint as min_sequence_number,
      null::integer as added_files_count,
      null::integer as existing_files_count,
      null::integer as deleted_files_count,
      null::integer as added_data_files_count,
      null::integer as existing_data_files_count,
      null::integer as deleted_data_files_count,
      null::bigint as added_rows_count,
      null::bigint as existing_rows_count,
      null::bigint as deleted_rows_count,
      null::struct(contains_null boolean, contains_nan boolean, lower_bound blob, upper_bound blob)[] as partitions,
      null::bigint as first_row_id
    where false
    union all by name
    select * from listed
  )
)
