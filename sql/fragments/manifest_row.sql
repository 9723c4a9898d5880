-- @name fragments/manifest_row
-- What: the row of a manifest list that describes one new manifest, from its own entries.
-- @into tables/write_cleared_list {{rewritten}}, tables/write_files_list {{rewritten}},
--       tables/write_readable_list {{rewritten}}, tables/write_replaced_list {{new_manifests}}
-- @param $snapshot_id BIGINT id of the snapshot that lists it first
-- @param $sequence_number BIGINT its sequence number
select
  {{manifest}} as manifest_path,
  (select size from read_blob({{manifest}})) as manifest_length,
  {{spec_id}}::integer as partition_spec_id,
  {{content}}::integer as content,
  $sequence_number as sequence_number,
  coalesce(min(coalesce(sequence_number, $sequence_number)) filter (status < 2), $sequence_number) as min_sequence_number,
  $snapshot_id as added_snapshot_id,
  count(*) filter (status = 1)::integer as added_files_count,
  count(*) filter (status = 0)::integer as existing_files_count,
  count(*) filter (status = 2)::integer as deleted_files_count,
  coalesce(sum(data_file.record_count) filter (status = 1), 0)::bigint as added_rows_count,
  coalesce(sum(data_file.record_count) filter (status = 0), 0)::bigint as existing_rows_count,
  coalesce(sum(data_file.record_count) filter (status = 2), 0)::bigint as deleted_rows_count,
  {{summaries}} as partitions,
  null::bigint as first_row_id
from read_avro({{manifest}})
