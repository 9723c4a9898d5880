-- @name tables/changed_counts
-- What: the files that manifests of one shape add and remove, counted by what they hold.
-- @param $manifests VARCHAR[]
-- @returns status INTEGER (1 added, 2 removed), kind VARCHAR (one of data, position-deletes, deletion-vectors, equality-deletes), files BIGINT,
--          rows BIGINT, bytes BIGINT, partitions VARCHAR[]
select
  status,
  {{file_kind}} as kind,
  count(*) as files,
  sum(data_file.record_count)::bigint as rows,
  sum(data_file.file_size_in_bytes)::bigint as bytes,
  list(distinct {{partition_key}}) as partitions
from read_avro($manifests)
where status > 0
group by all
