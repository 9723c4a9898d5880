-- @name inspect/bytes_of_manifests
-- What: how many bytes the live files of manifests have; of a deletion vector the bytes of the file that holds it.
-- @param $manifests VARCHAR[] of one partition spec and content
-- @returns bytes BIGINT
select coalesce(sum(bytes), 0)::bigint as bytes
from (
  select data_file.file_path, max(data_file.file_size_in_bytes) as bytes
  from read_avro($manifests)
  where status in (0, 1)
  group by data_file.file_path
)
