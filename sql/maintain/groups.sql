-- @name maintain/groups
-- What: the groups that maintain/choose_groups chose, in the order of their partitions.
-- @returns group_id BIGINT, spec_id INTEGER, partition_key VARCHAR, files BIGINT, rows BIGINT, bytes BIGINT, sequence_number BIGINT (the newest of the files)
select
  group_id,
  any_value(spec_id) as spec_id,
  any_value(partition_key) as partition_key,
  count(*)::bigint as files,
  sum(rows)::bigint as rows,
  sum(bytes)::bigint as bytes,
  max(sequence_number)::bigint as sequence_number
from maintain_groups
group by group_id
order by group_id
