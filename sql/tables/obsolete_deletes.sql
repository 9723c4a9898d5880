-- @name tables/obsolete_deletes
-- What: the delete files that apply to data files which a session replaces, and to no other: they go with them. What also applies to files that
--       stay is kept, and so is what nobody can tell (Iceberg specification, "Scan Planning").
-- @param $data_files JSON an array: path, partition_key, sequence_number
-- @param $delete_files JSON an array: manifest_path, file_key, kind, partition_key, is_global (an equality delete of an unpartitioned spec),
--        sequence_number, data_files (the paths that a positional delete names; none when unknown)
-- @param $removed_files VARCHAR[] paths of the replaced data files
-- @returns manifest_path VARCHAR, file_key VARCHAR
with data_files as (
  select *, path in (select plain_path(unnest($removed_files))) as removed
  from (
    select unnest(from_json($data_files, '[{"path": "VARCHAR", "partition_key": "VARCHAR", "sequence_number": "BIGINT"}]'), recursive := true)
  )
),
delete_files as (
  select unnest(from_json($delete_files, '[{
    "manifest_path": "VARCHAR", "file_key": "VARCHAR", "kind": "VARCHAR", "partition_key": "VARCHAR", "is_global": "BOOLEAN", "sequence_number": "BIGINT",
    "data_files": ["VARCHAR"]
  }]'), max_depth := 2)
),
by_path as (
  select manifest_path, file_key, unnest(data_files) as path
  from delete_files
  where kind <> 'equality-deletes'
),
applied as (
  select by_path.manifest_path, by_path.file_key, data_files.removed
  from by_path
  join data_files using (path)
  union all
  select delete_files.manifest_path, delete_files.file_key, data_files.removed
  from delete_files
  join data_files
    on data_files.sequence_number < delete_files.sequence_number
    and (delete_files.is_global or data_files.partition_key = delete_files.partition_key)
  where delete_files.kind = 'equality-deletes'
)
select manifest_path, file_key
from applied
group by manifest_path, file_key
having bool_and(removed)
order by all
