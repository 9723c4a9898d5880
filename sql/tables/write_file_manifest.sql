-- @name tables/write_file_manifest
-- What: the manifest of data files that were just written, with counts, sizes and bounds as the Parquet writer reported them.
-- @param $files JSON an array: path, rows, bytes, partition values in the spec's order
-- @param $metrics JSON an array, one element a file and column: path, field id, kind of bound, values, nulls, size, least, greatest
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
    select unnest(from_json($files, '[{"path": "VARCHAR", "rows": "BIGINT", "bytes": "BIGINT", "partition": ["VARCHAR"]}]'), recursive := true)
  ),
  metrics as (
    select unnest(from_json($metrics, '[{
      "path": "VARCHAR", "field_id": "INTEGER", "kind": "VARCHAR", "values": "BIGINT", "nulls": "BIGINT", "size": "BIGINT", "least": "VARCHAR", "greatest": "VARCHAR"
    }]'), recursive := true)
  ),
  -- Iceberg specification, appendix D. Other types carry no bounds: they are optional, and a missing one is never wrong.
  measured as (
    select
      *,
      case when kind in ('int', 'date') then 4 else 8 end as width,
      case kind
        when 'int' then try_cast(least as bigint)
        when 'long' then try_cast(least as bigint)
        when 'date' then try_cast(least as date) - date '1970-01-01'
        when 'timestamp' then epoch_us(try_cast(least as timestamp))
        when 'timestamptz' then epoch_us(try_cast(least as timestamptz))
      end as least_value,
      case kind
        when 'int' then try_cast(greatest as bigint)
        when 'long' then try_cast(greatest as bigint)
        when 'date' then try_cast(greatest as date) - date '1970-01-01'
        when 'timestamp' then epoch_us(try_cast(greatest as timestamp))
        when 'timestamptz' then epoch_us(try_cast(greatest as timestamptz))
      end as greatest_value
    from metrics
  ),
  bounds as (
    select
      *,
      case when kind = 'string' then encode(left(least, 64)) else iceberg_bytes(least_value, width) end as lower_bound,
      case
        when kind <> 'string' then iceberg_bytes(greatest_value, width)
        -- A cut upper bound would lie below the greatest value.
        when length(greatest) <= 64 then encode(greatest)
      end as upper_bound
    from measured
  ),
  by_file as (
    select
      path,
      map(list(field_id order by field_id) filter (size is not null), list(size order by field_id) filter (size is not null)) as column_sizes,
      map(list(field_id order by field_id) filter (values is not null), list(values order by field_id) filter (values is not null)) as value_counts,
      map(list(field_id order by field_id) filter (nulls is not null), list(nulls order by field_id) filter (nulls is not null)) as null_value_counts,
      map(list(field_id order by field_id) filter (lower_bound is not null), list(lower_bound order by field_id) filter (lower_bound is not null)) as lower_bounds,
      map(list(field_id order by field_id) filter (upper_bound is not null), list(upper_bound order by field_id) filter (upper_bound is not null)) as upper_bounds
    from bounds
    group by path
  ),
  described as (
    select
      0 as content,
      files.path as file_path,
      'parquet' as file_format,
      {{partition}} as partition,
      files.rows as record_count,
      files.bytes as file_size_in_bytes,
      by_file.column_sizes,
      by_file.value_counts,
      by_file.null_value_counts,
      by_file.lower_bounds,
      by_file.upper_bounds,
      $sort_order_id::integer as sort_order_id
    from files
    left join by_file using (path)
  )
  select
    1::integer as status,
    null::bigint as snapshot_id,
    null::bigint as sequence_number,
    null::bigint as file_sequence_number,
    {{data_file}} as data_file
  from (select described as data_file from described)
) to $destination ({{manifest_format}})
