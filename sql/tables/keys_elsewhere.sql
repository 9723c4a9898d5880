-- @name tables/keys_elsewhere
-- What: a row that equality deletes of any partition name as DuckDB compares keys, and none of those that apply to its file (Iceberg specification, "Scan Planning") as Java
--       does: there 0.0 and -0.0 are two keys. {{numbers}}: the keys that are floating-point numbers.
-- @param $delete_paths VARCHAR[] paths of Parquet files with keys
-- @param $delete_places VARCHAR[] the partition of each; empty where it applies to all
-- @param $delete_numbers BIGINT[] the sequence number of each
-- @param $data_paths VARCHAR[] paths of data files
-- @param $data_places VARCHAR[] the partition of each
-- @param $data_numbers BIGINT[] the sequence number of each
-- @returns path VARCHAR (the data file; at most one row)
with deletes as (
  select plain_path(unnest($delete_paths)) as path, unnest($delete_places) as place, unnest($delete_numbers) as number
),
files as (
  select unnest($data_paths) as path, unnest($data_places) as place, unnest($data_numbers) as number
),
named as (
  select {{keys}}, list_transform([{{numbers}}]::double[], lambda key: key = 0 and signbit(key)) as negative_zeros, deletes.place, deletes.number
  from read_parquet($delete_paths, schema = {{file_columns}}, filename = true) as stored
  join deletes on deletes.path = stored.filename
),
stored_rows as (
  select {{keys}}, list_transform([{{numbers}}]::double[], lambda key: key = 0 and signbit(key)) as negative_zeros, filename, file_row_number
  from read_parquet($data_paths, schema = {{file_columns}}, filename = true, file_row_number = true)
)
select files.path
from stored_rows
join named using ({{keys}})
join files on plain_path(files.path) = stored_rows.filename
where files.number < named.number
group by files.path, stored_rows.file_row_number
having not bool_or(named.place in ('', files.place) and named.negative_zeros = stored_rows.negative_zeros)
order by files.path
limit 1
