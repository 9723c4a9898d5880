-- @name changes/live_paths_among
-- What: those of some data files that live in manifests.
-- @param $manifests VARCHAR[] data manifests
-- @param $paths VARCHAR[]
-- @returns path VARCHAR
select distinct data_file.file_path as path
from read_avro($manifests)
where status < 2
  and list_contains($paths, data_file.file_path)
