-- @name fragments/bounds_of_known
-- What: the same of entries that were read already (tables/read/known-entries.ts): bounds are hexadecimal text there.
-- @into tables/misleading_bounds {{entries}}
-- @param $entries JSON an array: lower_bounds, upper_bounds, nan_counts, each by field id
select
  map_from_entries(list_transform(map_entries(lower_bounds), lambda each: {'key': each.key, 'value': unhex(each.value)})) as lower_bounds,
  map_from_entries(list_transform(map_entries(upper_bounds), lambda each: {'key': each.key, 'value': unhex(each.value)})) as upper_bounds,
  nan_counts
from (
  select unnest(from_json($entries::varchar, '[{
    "lower_bounds": "MAP(INTEGER, VARCHAR)", "upper_bounds": "MAP(INTEGER, VARCHAR)", "nan_counts": "JSON"
  }]'), recursive := true)
)
