-- @name run/referenced_files
-- What: which of some data files a table still holds.
-- @param $manifests VARCHAR[] the manifests of its snapshots
-- @param $files VARCHAR[] plain paths
-- @returns path VARCHAR (plain)
select distinct plain_path(data_file.file_path) as path
from read_avro($manifests)
where status < 2
  and list_contains($files, plain_path(data_file.file_path))
