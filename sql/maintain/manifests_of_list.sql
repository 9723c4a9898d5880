-- @name maintain/manifests_of_list
-- What: the manifests of a snapshot, as its list names them.
-- @param $manifest_list VARCHAR
-- @returns path VARCHAR
select manifest_path as path
from read_avro($manifest_list)
order by path
