-- @name tables/delete_files
-- What: the entries of one delete manifest. As JSON first: writers and format versions differ in their columns, and a column that is not there is NULL.
-- @param $manifest VARCHAR its path
-- @param $snapshot_id BIGINT the snapshot that added it: an entry without a snapshot id inherits it
-- @param $sequence_number BIGINT its sequence number, inherited as well
-- @returns path VARCHAR, content INTEGER (1 positions, 2 equality), format VARCHAR, status INTEGER, snapshot_id BIGINT, sequence_number BIGINT,
--          partition VARCHAR NULL (as JSON), rows BIGINT, bytes BIGINT, content_offset VARCHAR NULL,
--          data_file VARCHAR NULL (the one data file it is about, where metadata says so), equality_ids VARCHAR NULL (a JSON array)
with entries as (
  select null::integer as status, null::bigint as snapshot_id, null::bigint as sequence_number, null::json as described, null::varchar as data_file_path
  where false
  union all by name
  select
    status,
    snapshot_id,
    sequence_number,
    to_json(data_file) as described,
    {{referenced_data_file}} as data_file_path
  from read_avro($manifest)
)
select
  described->>'$.file_path' as path,
  (described->>'$.content')::integer as content,
  lower(described->>'$.file_format') as format,
  status,
  coalesce(snapshot_id, $snapshot_id) as snapshot_id,
  coalesce(sequence_number, $sequence_number) as sequence_number,
  (described->'$.partition')::varchar as partition,
  (described->>'$.record_count')::bigint as rows,
  (described->>'$.file_size_in_bytes')::bigint as bytes,
  described->>'$.content_offset' as content_offset,
  coalesce(nullif(described->>'$.referenced_data_file', ''), data_file_path) as data_file,
  (described->'$.equality_ids')::varchar as equality_ids
from entries
where described is not null
