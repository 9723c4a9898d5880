-- @name maintain/table_metadata_files
-- What: those of the metadata files that are of a table; views have such files too.
-- @param $paths VARCHAR[]
-- @returns path VARCHAR, table_uuid VARCHAR
select filename as path, regexp_extract(content, '"table-uuid"\s*:\s*"([^"]+)"', 1) as table_uuid
from read_text($paths)
where regexp_matches(content, '"table-uuid"\s*:')
