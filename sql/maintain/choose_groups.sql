-- @name maintain/choose_groups
-- What: which files are put together: of each partition the small ones and those with rows that were deleted, in the order of their commits, cut
--       where a group reaches the size that a file should have. A small file alone is left; deleted rows are taken out also of a single file.
-- @param $small_bytes BIGINT files below this are small
-- @param $target_bytes BIGINT size that a file should have
-- @param $min_files BIGINT files that a group must have
-- @param $read_to BIGINT NULL sequence number up to which every process has read the table, where one has; files with newer deletes stay as they are
create or replace temp table maintain_groups as
with applied as (
  select maintain_files.path, max(deletes.sequence_number) as newest_delete
  from maintain_files
  inner join maintain_deletes as deletes
    on case
      when deletes.kind = 'equality-deletes' then
        maintain_files.sequence_number < deletes.sequence_number
        and (deletes.is_global or deletes.partition_key = maintain_files.partition_key)
      when deletes.referenced_data_file is not null then deletes.referenced_data_file = plain_path(maintain_files.path)
      else deletes.partition_key = maintain_files.partition_key and maintain_files.sequence_number <= deletes.sequence_number
    end
  group by maintain_files.path
),
noted as (
  select maintain_files.*, newest_delete is not null as has_deletes
  from maintain_files
  left join applied using (path)
  where newest_delete is null or $read_to is null or newest_delete <= $read_to
),
wanted as (
  select
    *,
    coalesce(sum(bytes) over (
      partition by partition_key
      order by sequence_number, path
      rows between unbounded preceding and 1 preceding
    ), 0) // $target_bytes as bin
  from noted
  where bytes < $small_bytes or has_deletes
),
groups as (
  select
    *,
    count(*) over (partition by partition_key, bin) as files_in_group,
    bool_or(has_deletes) over (partition by partition_key, bin) as group_has_deletes
  from wanted
)
select
  dense_rank() over (order by spec_id, partition_key, bin) as group_id,
  * exclude (bin, files_in_group, group_has_deletes)
from groups
where files_in_group >= $min_files or group_has_deletes
