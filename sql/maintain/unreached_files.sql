-- @name maintain/unreached_files
-- What: the data and delete files of manifests that go, as far as no manifest that stays holds them as live. A rewritten manifest goes while
--       its files stay. Removed entries count too: their snapshot may have expired before its files were deleted.
-- @param $manifests VARCHAR[] manifests of one partition spec
-- @returns path VARCHAR, bytes BIGINT
select
  data_file.file_path as path,
  any_value(data_file.file_size_in_bytes)::bigint as bytes
from read_avro($manifests)
where plain_path(data_file.file_path) not in (select path from maintain_reached where kind = 'file')
group by path
