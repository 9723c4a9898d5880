-- @name state/live_files
-- What: the live data files of one process in a state table.
-- @param $manifests VARCHAR[] the table's data manifests
-- @param $process_name VARCHAR
-- @returns path VARCHAR
select data_file.file_path as path
from read_avro($manifests)
where status < 2
  and data_file.partition.process_name = $process_name
