-- @name fragments/parent_manifests
-- What: the manifests of the snapshot on which another is staged.
-- @into tables/write_staged_list {{parent}}
-- @param $parent VARCHAR its manifest list
select * exclude (filename, is_live)
from manifest_list($parent)
union all by name
