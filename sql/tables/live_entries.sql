-- @name tables/live_entries
-- What: the live files of manifests of one shape, with what decides which row-level deletes apply to which data files
--       (Iceberg specification, "Scan Planning").
-- @param $manifests VARCHAR[]
-- @param $manifest_list VARCHAR the manifest list that holds them, for sequence numbers that entries inherit
-- @returns manifest_path VARCHAR, file_key VARCHAR, path VARCHAR, format VARCHAR, partition_key VARCHAR, kind VARCHAR (one of data, position-deletes, deletion-vectors, equality-deletes),
--          referenced_data_file VARCHAR NULL, sequence_number BIGINT
select
  adopted.manifest_path,
  entries.file_key,
  plain_path(data_file.file_path) as path,
  lower(data_file.file_format) as format,
  {{partition_key}} as partition_key,
  {{kind}} as kind,
  plain_path({{referenced_data_file}}) as referenced_data_file,
  coalesce(entries.sequence_number, adopted.sequence_number) as sequence_number
from (
  select {{entry_columns}}, {{file_key}} as file_key, filename
  from read_avro($manifests, filename = true)
  where status < 2
) as entries
join manifest_list($manifest_list) as adopted on plain_path(adopted.manifest_path) = as_stored(entries.filename)
