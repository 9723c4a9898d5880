-- @name changes/unmatched_columns
-- What: whether files cannot be read by field id alone: a column without one (a migrated file), a struct's member under another name, or a partition's column that
--       is not in the file. DuckDB reads such a column as NULL without a word, and two files of NULLs would look like the same rows.
-- @param $files VARCHAR[] paths of Parquet files
-- @param $member_ids INTEGER[] field ids of the members of structs, at any depth
-- @param $member_names VARCHAR[] their names now, in the same order
-- @param $partition_ids INTEGER[] field ids of the columns that are partition values as they are
-- @returns unmatched BOOLEAN
with columns as (
  select file_name, name, field_id, coalesce(num_children, 0) = 0 as is_leaf
  from parquet_schema($files)
),
members as (
  select unnest($member_ids) as field_id, unnest($member_names) as name
),
needed as (
  select file_name, unnest($partition_ids) as field_id
  from (select distinct file_name from columns)
)
select
  exists (from columns where is_leaf and field_id is null)
  or exists (from columns join members using (field_id) where columns.name <> members.name)
  or exists (from needed anti join columns using (file_name, field_id)) as unmatched
