-- @name maintain/manifest_counts
-- What: how much a manifest lists, to tell whether a copy lists the same.
-- @param $manifest VARCHAR
-- @returns entries BIGINT, rows BIGINT
select count(*) as entries, coalesce(sum(data_file.record_count), 0)::bigint as rows
from read_avro($manifest)
