-- @name maintain/list_files
-- What: notes the live files of manifests of one partition spec.
-- @param $manifests VARCHAR[]
-- @param $manifest_list VARCHAR the list that holds them, for sequence numbers that entries inherit
-- @param $spec_id VARCHAR
insert into maintain_files
select
  entry.filename,
  $spec_id::integer,
  {{partition_key}},
  data_file.file_path,
  data_file.record_count,
  data_file.file_size_in_bytes,
  coalesce(entry.sequence_number, list.sequence_number)
from read_avro($manifests, filename = true) as entry
join read_avro($manifest_list) as list on list.manifest_path = entry.filename
where entry.status < 2
