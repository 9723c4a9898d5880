-- @name tables/live_deletes
-- What: the live delete files of a manifest, counted by what they hold.
-- @param $manifest VARCHAR
-- @returns kind VARCHAR (one of data, position-deletes, deletion-vectors, equality-deletes), files BIGINT, rows BIGINT
select
  {{file_kind}} as kind,
  count(*) as files,
  sum(data_file.record_count)::bigint as rows
from read_avro($manifest)
where status < 2
group by all
