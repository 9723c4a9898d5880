-- @name maintain/count_groups
-- What: the rows of groups that are there once deleted ones are taken out.
-- @param $group_ids BIGINT[]
-- @returns group_id BIGINT, rows BIGINT
select chosen.group_id, count(*)::bigint as rows
from {{table}} as file_rows
join maintain_groups as chosen on plain_path(chosen.path) = plain_path(file_rows.filename)
where chosen.group_id in (select unnest($group_ids))
group by chosen.group_id
