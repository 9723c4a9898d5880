-- @name maintain/dropped_files
-- What: files of the warehouse in the data and metadata folders of tables that the catalog does not know, reached by none that it knows. Not those of a warehouse inside this one.
-- @param $warehouse VARCHAR the warehouse's folder, with a slash at its end
-- @param $folders VARCHAR[] the folders of the catalog's tables, with a slash at their ends
-- @param $before_ms BIGINT only folders whose every file was last written before, in ms since 1970
-- @returns folder VARCHAR, path VARCHAR, bytes BIGINT, is_metadata BOOLEAN
with strange as (
  select path, bytes, modified_ms, regexp_extract(path, '^(.*?)/(?:data|metadata)/', 1) as folder
  from maintain_found
  where starts_with(path, $warehouse)
    and not starts_with(path, $warehouse || '.')
    and not coalesce(list_bool_or(list_transform($folders, known -> starts_with(path, known))), false)
),
-- Of a catalog with its warehouse inside this one: its tables look like dropped ones, and are alive. It has
-- psyberg's own folder, or, in a store, the tables that every session writes.
others as (
  select distinct regexp_extract(path, '^(.*/)(?:\.psyberg|psyberg/psyberg_session_f/metadata)/', 1) as warehouse
  from strange
),
old as (
  select folder
  from strange
  where folder <> ''
    and not exists (from others where warehouse not in ('', $warehouse) and starts_with(folder, warehouse))
  group by folder
  having max(modified_ms) < $before_ms
)
select folder, path, bytes, path like '%.metadata.json' as is_metadata
from strange
where folder in (select folder from old)
  -- By name and not by path: a table may be known under another spelling of its folder.
  and parse_filename(path) not in (select parse_filename(path) from maintain_reached)
order by folder, path
