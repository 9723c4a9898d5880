-- @name maintain/sort_entries
-- What: the live entries of manifests of one shape in the order of their partitions, with ids and numbers written out.
-- @param $manifests VARCHAR[] (inside {{inherited}})
-- @param $manifest_list VARCHAR the list that holds them, for what entries inherit (inside {{inherited}})
create or replace temp table maintain_sorted as
with {{inherited}}
select
  snapshot_id,
  sequence_number,
  file_sequence_number,
  {{data_file}} as data_file,
  row_number() over (order by {{partition_order}}) as place
from inherited
where status < 2
