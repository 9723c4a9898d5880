-- @name maintain/group_files
-- What: the files of some groups.
-- @param $group_ids BIGINT[]
-- @returns path VARCHAR, manifest_path VARCHAR, spec_id INTEGER
select path, manifest_path, spec_id
from maintain_groups
where group_id in (select unnest($group_ids))
order by path
