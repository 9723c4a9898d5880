-- @name cleanup/staged_files
-- What: the data files that an abandoned session wrote.
-- @param $manifests VARCHAR[] the manifests that its inserts added
-- @returns path VARCHAR
select data_file.file_path as path
from read_avro($manifests)
where status = 1
