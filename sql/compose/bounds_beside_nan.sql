-- @name compose/bounds_beside_nan
-- What: floating-point columns by whose bounds DuckDB 1.5.5 would skip a file with NaN in it, since no bound says so: the file counts them or does not tell.
--       Bounds of a float in a column that became a double (4 bytes) it compares wrongly in any case. A file without bounds is never skipped.
-- @param $manifests VARCHAR[] data manifests of one partition spec
-- @param $float_ids VARCHAR[] field ids of the columns of type float
-- @param $double_ids VARCHAR[] field ids of the columns of type double
-- @returns field_id INTEGER
with entries as (
  -- As JSON: counts of NaN are optional, and a manifest without them has no such column.
  select data_file.lower_bounds as lower_bounds, data_file.upper_bounds as upper_bounds, to_json(data_file) -> 'nan_value_counts' as nan_counts
  from read_manifests($manifests)
  where status < 2
),
bounds as (
  select unnest(map_entries(lower_bounds)) as bound, nan_counts from entries
  union all
  select unnest(map_entries(upper_bounds)) as bound, nan_counts from entries
)
select distinct bound.key as field_id
from bounds
where list_contains($float_ids::integer[] || $double_ids::integer[], bound.key)
  and (
    coalesce((nan_counts ->> bound.key::varchar)::bigint, 1) > 0
    or (list_contains($double_ids::integer[], bound.key) and octet_length(bound.value) = 4)
  )
