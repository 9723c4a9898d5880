-- @name state/data_manifests
-- What: the data manifests of a state table that hold files.
-- @param $manifest_list VARCHAR
-- @returns manifest_path VARCHAR
select manifest_path
from read_avro($manifest_list)
where content = 0
  and added_files_count + existing_files_count > 0
