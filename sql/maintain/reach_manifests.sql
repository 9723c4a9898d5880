-- @name maintain/reach_manifests
-- What: notes the manifests that snapshots hold.
-- @param $manifest_lists VARCHAR[] the manifest lists of those snapshots
insert into maintain_reached
select distinct plain_path(manifest_path), 'manifest'
from read_avro($manifest_lists)
