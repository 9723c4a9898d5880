-- @name macros/known_list
-- What: the same of lists that were read already (tables/write/known-list.ts), each as JSON: an array of its rows, bounds as hexadecimal text.
-- @gives a table: as macros/manifest_list; filename is empty
create or replace temp macro known_list(lists) as table (
  with given as (
    select unnest(flatten(list_transform(lists, lambda list: from_json(list, '[{
      "manifest_path": "VARCHAR", "manifest_length": "BIGINT", "partition_spec_id": "INTEGER", "content": "INTEGER", "sequence_number": "BIGINT",
      "min_sequence_number": "BIGINT", "added_snapshot_id": "BIGINT", "added_files_count": "INTEGER", "existing_files_count": "INTEGER",
      "deleted_files_count": "INTEGER", "added_data_files_count": "INTEGER", "existing_data_files_count": "INTEGER",
      "deleted_data_files_count": "INTEGER", "added_rows_count": "BIGINT", "existing_rows_count": "BIGINT", "deleted_rows_count": "BIGINT",
      "partitions": [{"contains_null": "BOOLEAN", "contains_nan": "BOOLEAN", "lower_bound": "VARCHAR", "upper_bound": "VARCHAR"}],
      "first_row_id": "BIGINT"
    }]'))), max_depth := 2)
  ),
  listed as (
    select
      * replace (list_transform(partitions, lambda each: {
        'contains_null': each.contains_null,
        'contains_nan': each.contains_nan,
        'lower_bound': unhex(each.lower_bound),
        'upper_bound': unhex(each.upper_bound)
      }) as partitions),
      '' as filename
    from given
  )
  {{as_listed}}
)
