-- @name maintain/reach_paths
-- What: notes single files: metadata files, manifest lists, statistics.
-- @param $paths VARCHAR[]
insert into maintain_reached
select plain_path(path), 'file'
from (select unnest($paths) as path)
