-- @name compose/misleading_bounds
-- What: columns with bounds that DuckDB cannot read, or that cannot be right: text cut within a character (DuckDB 1.5.5 itself cuts so where it inserts), or a lower
--       bound above the upper one in the order of bytes (writers in Java compared uuids as signed numbers).
-- @param $manifests VARCHAR[] data manifests of one partition spec
-- @param $text_ids VARCHAR[] field ids of the columns of text
-- @param $byte_ids VARCHAR[] field ids of all columns whose values are ordered by their bytes, those of text among them
-- @returns field_id INTEGER
with entries as (
  select data_file.lower_bounds as lower_bounds, data_file.upper_bounds as upper_bounds
  from read_manifests($manifests)
  where status < 2
),
bounds as (
  select unnest(map_entries(lower_bounds)) as bound, upper_bounds from entries
  union all
  select unnest(map_entries(upper_bounds)) as bound, null from entries
)
select distinct bound.key as field_id
from bounds
where list_contains($byte_ids::integer[], bound.key)
  and (
    bound.value > upper_bounds[bound.key]
    -- A blob prints bytes above 127 as \x..; without one it needs no decoding.
    or (list_contains($text_ids::integer[], bound.key) and contains(bound.value::varchar, '\x') and try(decode(bound.value)) is null)
  )
