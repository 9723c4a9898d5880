-- @name tables/before_1970
-- What: manifests with live files before 1970, by a partition field that counts days or months since then.
-- @param $manifests VARCHAR[] data manifests of one partition spec
-- @param $partition_position INTEGER position of the field, from 1
-- @param $partition_transform VARCHAR its transform
-- @returns manifest_path VARCHAR
select distinct filename as manifest_path
from read_manifests($manifests)
where status < 2
  and partition_hour((to_json(data_file.partition)->>'$.*')[$partition_position], $partition_transform, 0) < 0
