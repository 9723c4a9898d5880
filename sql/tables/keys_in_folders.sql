-- @name tables/keys_in_folders
-- What: a file of equality deletes of whose key DuckDB 1.5.5 reads another value than it holds, or one of another type. It takes a folder `k=7` for the value of
--       a column of that name, whether or not the file has the column, and guesses its type.
-- @param $files VARCHAR[] paths of Parquet files
-- @param $field_id INTEGER field id of the key column, which {{file_columns}} name
-- @returns path VARCHAR (at most one row)
with keys as (
  select plain_path(file_name) as path, lower(name) as name, duckdb_type as type
  from parquet_schema($files)
  where field_id = $field_id
),
folders as (
  select path, name, type, string_split(unnest(string_split(path, '/')[:-2]), '=') as parts
  from keys
),
told as (
  select path, type, url_decode(parts[2]) as value
  from folders
  where len(parts) = 2
    and (lower(parts[1]) = name or lower(url_decode(parts[1])) = name)
),
stored as (
  select filename as path, {{key}}::varchar as value
  from read_parquet($files, schema = {{file_columns}}, filename = true)
)
select path
from told
join stored using (path)
where told.value is distinct from stored.value
   or lower(told.value) in ('null', '__hive_default_partition__')
   or case told.type
        when 'BIGINT' then try_cast(told.value as bigint) is null
        when 'DATE' then try_cast(told.value as date) is null
        when 'VARCHAR' then coalesce(try_cast(told.value as bigint)::varchar, try_cast(told.value as date)::varchar, try_cast(told.value as timestamp)::varchar) is not null
        else true
      end
order by path
limit 1
