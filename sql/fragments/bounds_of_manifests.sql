-- @name fragments/bounds_of_manifests
-- What: the bounds of live files, as manifests state them.
-- @into tables/misleading_bounds {{entries}}
-- @param $manifests VARCHAR[] data manifests of one partition spec
-- @param $number_ids INTEGER[] field ids of the floating-point columns
select
  data_file.lower_bounds as lower_bounds,
  data_file.upper_bounds as upper_bounds,
  -- As JSON: counts of NaN are optional, and a manifest without them has no such column.
  case when len($number_ids) > 0 then to_json(data_file) -> 'nan_value_counts' end as nan_counts
from read_avro($manifests)
where status < 2
