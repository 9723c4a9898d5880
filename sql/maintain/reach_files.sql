-- @name maintain/reach_files
-- What: notes the data and delete files that are live in manifests.
-- @param $manifests VARCHAR[] manifests of one partition spec
insert into maintain_reached
select plain_path(data_file.file_path), 'file'
from read_avro($manifests)
where status < 2
