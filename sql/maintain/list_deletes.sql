-- @name maintain/list_deletes
-- What: notes the live delete files of manifests of one shape.
-- @param $manifests VARCHAR[] (inside {{live_entries}})
-- @param $manifest_list VARCHAR the list that holds them (inside {{live_entries}})
-- @param $unpartitioned BOOLEAN the manifests' spec has no fields
insert into maintain_deletes
select *, kind = 'equality-deletes' and $unpartitioned
from (
  {{live_entries}}
)
