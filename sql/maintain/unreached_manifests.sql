-- @name maintain/unreached_manifests
-- What: the manifests that only the given snapshots hold, none of those noted as reached.
-- @param $manifest_lists VARCHAR[] the manifest lists of snapshots that go
-- @returns manifest_path VARCHAR, partition_spec_id INTEGER, content INTEGER (0 data, 1 deletes)
select distinct manifest_path, partition_spec_id, content
from manifest_list($manifest_lists)
where plain_path(manifest_path) not in (select path from maintain_reached where kind = 'manifest')
order by manifest_path
