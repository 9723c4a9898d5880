-- @name maintain/metadata_files_of_table
-- What: those of the metadata files that are of one table: a table dropped and created again under its name has the same folder.
-- @param $paths VARCHAR[] metadata files, not compressed
-- @param $table_uuid VARCHAR
-- @returns path VARCHAR
select filename as path
from read_text($paths)
where regexp_extract(content, '"table-uuid"\s*:\s*"([^"]+)"', 1) = $table_uuid
