-- @name maintain/orphan_files
-- What: files in a table's folders that nothing noted as reached names, old enough to belong to no commit on its way. A file that is known under
--       another spelling of its path (a link to the warehouse, a renamed folder) keeps every file of its name.
--       What lies in the folder of a session below metadata/ only that session's statements read; whatever it is, it is of no table.
-- @param $folder VARCHAR the table's folder, with a slash at its end
-- @param $before_ms BIGINT only files last written before, in ms since 1970
-- @returns path VARCHAR, bytes BIGINT, kind VARCHAR (one of data_files, manifests, manifest_lists, metadata_files, other_files, delete_files, unknown)
with below as (
  select *, substr(path, length($folder) + 1) as inner_path, parse_filename(path) as name
  from maintain_found
  where starts_with(path, $folder)
),
elsewhere as (
  select distinct parse_filename(path) as name
  from maintain_reached
  where path not in (select path from maintain_found)
)
select
  path,
  bytes,
  case
    when regexp_matches(inner_path, '^metadata/(?:psyberg_.+_[0-9]{14}|psyberg-look-[^/]+|doctor-[^/]+)/') then 'other_files'
    when name like '%.metadata.json' or name like '%.metadata.json.gz' then 'metadata_files'
    when name like '.%.metadata.json.tmp' then 'other_files'
    when inner_path like 'data/%' and (name like '%.parquet' or name like '%.orc' or name like '%.avro') then 'data_files'
    when inner_path like 'data/%' and name like '%.puffin' then 'delete_files'
    when inner_path like 'metadata/%' and name like 'snap-%.avro' then 'manifest_lists'
    when inner_path like 'metadata/%' and name like '%.avro' then 'manifests'
    when inner_path like 'metadata/%' and (name like '%.stats' or name like '%.puffin') then 'other_files'
    else 'unknown'
  end as kind
from below
where modified_ms < $before_ms
  and path not in (select path from maintain_reached)
  and name not in (select name from elsewhere)
order by path
