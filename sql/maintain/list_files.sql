-- @name maintain/list_files
-- What: notes the live files of manifests of one shape.
-- @param $manifests VARCHAR[]
-- @param $manifest_list VARCHAR the list that holds them, for sequence numbers that entries inherit
-- @param $spec_id INTEGER
insert into maintain_files
select
  adopted.manifest_path,
  $spec_id,
  {{partition_key}},
  data_file.file_path,
  data_file.record_count,
  data_file.file_size_in_bytes,
  coalesce(entries.sequence_number, adopted.sequence_number)
from (
  select {{entry_columns}}, filename
  from read_avro($manifests, filename = true)
  where status < 2
) as entries
join manifest_list($manifest_list) as adopted on plain_path(adopted.manifest_path) = as_stored(entries.filename)
