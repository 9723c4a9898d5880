-- @name fragments/listed_manifests
-- What: the rows of a new manifest list, from a relation `composed`; the end of every statement that writes one.
-- @into tables/write_cleared_list {{listed}}, tables/write_empty_list {{listed}},
--       tables/write_files_list {{listed}}, tables/write_inserts_list {{listed}},
--       tables/write_manifest_list {{listed}}, tables/write_mended_list {{listed}},
--       tables/write_readable_list {{listed}}, tables/write_replaced_list {{listed}},
--       tables/write_staged_list {{listed}}
-- @param $first_row_id BIGINT the table's next row id; version 3 only (perhaps inside {{row_lineage}})
select
  manifest_path, manifest_length, partition_spec_id, content, sequence_number, min_sequence_number, added_snapshot_id,
  added_files_count, existing_files_count, deleted_files_count, added_rows_count, existing_rows_count, deleted_rows_count, partitions{{row_lineage}}
from composed
order by sequence_number, manifest_path
