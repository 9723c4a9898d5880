-- @name tables/write_file_manifest
-- What: the manifest of data files that were just written, with counts, sizes and bounds as the Parquet writer reported them.
-- @param $files JSON an array: path, rows, bytes, partition values in the spec's order; sizes, counts of values and of NULLs by field id; bounds, each with
--        field id, kind, whether it is the lower one, and value
-- @param $sort_order_id INTEGER NULL the order in which the rows were written, if any
-- @param $destination VARCHAR path of the new manifest
-- @param $schema VARCHAR the table's schema as JSON (inside {{manifest_format}})
-- @param $schema_id INTEGER its id (inside {{manifest_format}})
-- @param $partition_spec VARCHAR the spec's fields as JSON (inside {{manifest_format}})
-- @param $partition_spec_id INTEGER id of the spec (inside {{manifest_format}})
-- @param $format_version INTEGER the table's format version (inside {{manifest_format}})
-- @param $content VARCHAR data or deletes (inside {{manifest_format}})
copy (
  with files as (
    select unnest(from_json($files, '[{
      "path": "VARCHAR", "rows": "BIGINT", "bytes": "BIGINT", "partition": ["VARCHAR"],
      "column_sizes": "MAP(INTEGER, BIGINT)", "value_counts": "MAP(INTEGER, BIGINT)", "null_value_counts": "MAP(INTEGER, BIGINT)",
      "bounds": [{"field_id": "INTEGER", "kind": "VARCHAR", "is_lower": "BOOLEAN", "value": "VARCHAR"}]
    }]'), recursive := true)
  ),
  -- Iceberg specification, appendix D. Other types carry no bounds: they are optional, and a missing one is never wrong.
  stored as (
    select
      *,
      list_transform(bounds, lambda bound: {
        'is_lower': bound.is_lower,
        'key': bound.field_id,
        'value': case
          when bound.kind <> 'string' then iceberg_bytes(
            case bound.kind
              when 'int' then try_cast(bound.value as bigint)
              when 'long' then try_cast(bound.value as bigint)
              when 'date' then try_cast(bound.value as date) - date '1970-01-01'
              when 'timestamp' then epoch_us(try_cast(bound.value as timestamp))
              when 'timestamptz' then epoch_us(try_cast(bound.value as timestamptz))
            end,
            case when bound.kind in ('int', 'date') then 4 else 8 end
          )
          when bound.is_lower then encode(left(bound.value, 64))
          -- A cut upper bound would lie below the greatest value.
          when length(bound.value) <= 64 then encode(bound.value)
        end
      }) as stored_bounds
    from files
  ),
  described as (
    select
      0 as content,
      path as file_path,
      'parquet' as file_format,
      {{partition}} as partition,
      rows as record_count,
      bytes as file_size_in_bytes,
      column_sizes,
      value_counts,
      null_value_counts,
      map_from_entries([{'key': bound.key, 'value': bound.value} for bound in stored_bounds if bound.is_lower and bound.value is not null]) as lower_bounds,
      map_from_entries([{'key': bound.key, 'value': bound.value} for bound in stored_bounds if not bound.is_lower and bound.value is not null]) as upper_bounds,
      $sort_order_id::integer as sort_order_id
    from stored as files
  )
  select
    1::integer as status,
    null::bigint as snapshot_id,
    null::bigint as sequence_number,
    null::bigint as file_sequence_number,
    {{data_file}} as data_file
  from (select described as data_file from described)
) to $destination ({{manifest_format}})
