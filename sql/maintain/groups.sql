-- @name maintain/groups
-- What: the groups that maintain/choose_groups chose, in the order of their partitions.
-- @returns group_id BIGINT, spec_id INTEGER, partition VARCHAR (the tuple as a JSON array of texts), files BIGINT, rows BIGINT, bytes BIGINT,
--          sequence_number BIGINT (the newest of the files), has_deletes BOOLEAN (some of the rows are deleted)
select
  group_id,
  any_value(spec_id) as spec_id,
  coalesce(nullif(regexp_replace(any_value(partition_key), '^\d+', ''), ''), '[]') as partition,
  count(*)::bigint as files,
  sum(rows)::bigint as rows,
  sum(bytes)::bigint as bytes,
  max(sequence_number)::bigint as sequence_number,
  bool_or(has_deletes) as has_deletes
from maintain_groups
group by group_id
order by group_id
