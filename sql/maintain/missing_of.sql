-- @name maintain/missing_of
-- What: how many of some files are no longer live, among those noted by maintain/list_files.
-- @param $paths VARCHAR[]
-- @returns missing BIGINT
select count(*)::bigint as missing
from (select unnest($paths) as path)
where path not in (select path from maintain_files)
