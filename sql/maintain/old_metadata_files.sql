-- @name maintain/old_metadata_files
-- What: metadata files that the table's own log has forgotten: of a version below every one that it knows, and old.
-- @param $pattern VARCHAR glob of the table's metadata files
-- @param $known_files VARCHAR[] names (without folder) of the current file and of those in the log
-- @param $before_ms BIGINT only files last written before, in ms since 1970
-- @returns path VARCHAR, bytes BIGINT
with versions as (
  select
    filename as path,
    size as bytes,
    epoch_ms(last_modified) as modified_ms,
    parse_filename(filename) as name,
    try_cast(regexp_extract(parse_filename(filename), '^(\d+)-', 1) as bigint) as version
  from read_blob($pattern)
),
known as (
  select unnest($known_files) as name
)
select path, bytes
from versions
where name not in (select name from known)
  and version < (select min(try_cast(regexp_extract(name, '^(\d+)-', 1) as bigint)) from known)
  and modified_ms < $before_ms
order by version, path
