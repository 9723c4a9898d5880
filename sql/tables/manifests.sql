-- @name tables/manifests
-- What: the manifests that lists name, each once. Of a version 1 table a list may have lost the counts of a manifest that an older one still has: then the
--       manifest is taken for one with live files, and with entries that are not additions.
-- @param $manifest_lists VARCHAR[]
-- @param $added_by VARCHAR[] ids of the snapshots whose manifests are asked for; NULL: all
-- @returns manifest_path VARCHAR, partition_spec_id INTEGER, content INTEGER (0 data, 1 deletes), added_snapshot_id VARCHAR, sequence_number BIGINT,
--          live_files BIGINT (at least 1 where nobody knows), mixed BOOLEAN (holds entries that are not additions)
select
  manifest_path,
  any_value(partition_spec_id) as partition_spec_id,
  any_value(content) as content,
  any_value(added_snapshot_id)::varchar as added_snapshot_id,
  any_value(sequence_number) as sequence_number,
  max(case when is_live then greatest(coalesce(added_files_count + existing_files_count, 0), 1) else 0 end)::bigint as live_files,
  bool_or(coalesce(existing_files_count + deleted_files_count > 0 or added_files_count = 0, true)) as mixed
from manifest_list($manifest_lists)
where $added_by::bigint[] is null
  or list_contains($added_by::bigint[], added_snapshot_id)
group by manifest_path
order by any_value(sequence_number), manifest_path
