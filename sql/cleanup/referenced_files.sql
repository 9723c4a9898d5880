-- @name cleanup/referenced_files
-- What: which of some data files a table still holds.
-- @param $manifests VARCHAR[] the manifests of its snapshots
-- @param $files VARCHAR[]
-- @returns path VARCHAR
select distinct data_file.file_path as path
from read_avro($manifests)
where status < 2
  and list_contains($files::varchar[], data_file.file_path)
