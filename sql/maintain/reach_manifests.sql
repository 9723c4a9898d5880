-- @name maintain/reach_manifests
-- What: notes the manifests that snapshots hold.
-- @param $manifest_lists VARCHAR[] the manifest lists of those snapshots
insert into maintain_reached
select distinct regexp_replace(manifest_path, '^file:(//[^/]*)?', ''), 'manifest'
from read_avro($manifest_lists)
