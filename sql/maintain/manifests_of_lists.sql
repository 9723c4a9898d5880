-- @name maintain/manifests_of_lists
-- What: every manifest of several snapshots, once.
-- @param $manifest_lists VARCHAR[]
-- @returns manifest_path VARCHAR, partition_spec_id INTEGER, content INTEGER (0 data, 1 deletes; a format version 1 list has no such column: all data)
select distinct columns(name -> name in ('manifest_path', 'partition_spec_id', 'content'))
from read_avro($manifest_lists)
order by manifest_path
