-- @name tables/listed_files
-- What: the live data files of manifests, and how many rows they hold.
-- @param $manifests VARCHAR[] data manifests of one partition spec
-- @returns manifest_path VARCHAR, path VARCHAR, rows BIGINT
select filename as manifest_path, data_file.file_path as path, data_file.record_count as rows
from read_manifests($manifests)
where status < 2
