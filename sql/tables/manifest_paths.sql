-- @name tables/manifest_paths
-- What: the manifests of a table's snapshots.
-- @param $manifest_lists VARCHAR[]
-- @returns manifest_path VARCHAR
select distinct manifest_path
from read_avro($manifest_lists)
