-- @name maintain/manifests_of_files
-- What: the manifests that hold some files, among those noted by maintain/list_files.
-- @param $paths VARCHAR[]
-- @returns manifest_path VARCHAR, partition_spec_id INTEGER, content INTEGER
select distinct manifest_path, spec_id as partition_spec_id, 0 as content
from maintain_files
where path in (select unnest($paths))
order by manifest_path
