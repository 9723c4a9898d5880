-- @name maintain/choose_groups
-- What: which files are put together: the small ones of a partition, in the order of their commits, cut where a group reaches the size that a
--       file should have. A group of one file would change nothing; one of few files may not be worth a commit.
-- @param $small_bytes VARCHAR files below this are small
-- @param $target_bytes VARCHAR size that a file should have
-- @param $min_files VARCHAR files that a group must have
create or replace temp table maintain_groups as
with small as (
  select
    *,
    coalesce(sum(bytes) over (
      partition by spec_id, partition_key
      order by sequence_number, path
      rows between unbounded preceding and 1 preceding
    ), 0) // $target_bytes::bigint as bin
  from maintain_files
  where bytes < $small_bytes::bigint
),
groups as (
  select *, count(*) over (partition by spec_id, partition_key, bin) as files_in_group
  from small
)
select
  dense_rank() over (order by spec_id, partition_key, bin) as group_id,
  * exclude (bin, files_in_group)
from groups
where files_in_group >= $min_files::bigint
