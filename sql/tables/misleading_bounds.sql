-- @name tables/misleading_bounds
-- What: columns with bounds that hide rows, or that DuckDB 1.5.5 cannot read:
--       text cut within a character (DuckDB itself cuts so where it inserts);
--       a lower bound above the upper one in the order of bytes (writers in Java compared uuids as signed numbers);
--       numbers of a file that may hold NaN, of which no bound tells: the file counts NaN, or does not say;
--       a float (4 bytes) in a column that became a double, which DuckDB compares as floats.
-- @param $manifests VARCHAR[] data manifests of one partition spec (perhaps inside {{entries}})
-- @param $entries JSON entries of manifests that are known (perhaps inside {{entries}})
-- @param $text_ids INTEGER[] field ids of the columns of text
-- @param $byte_ids INTEGER[] field ids of all columns whose values are ordered by their bytes, those of text among them
-- @param $number_ids INTEGER[] field ids of the floating-point columns
-- @param $double_ids INTEGER[] field ids of those of them that are doubles
-- @returns field_id INTEGER
with entries as (
  {{entries}}
),
bounds as (
  select unnest(list_concat(map_entries(lower_bounds), map_entries(upper_bounds))) as bound, upper_bounds, nan_counts
  from entries
),
asked as (
  select $text_ids::integer[] as text_ids, $byte_ids::integer[] as byte_ids, $number_ids::integer[] as number_ids, $double_ids::integer[] as double_ids
)
select distinct bound.key as field_id
from bounds, asked
where
  (
    list_contains(byte_ids, bound.key)
    and (
      -- An upper bound is not above itself.
      bound.value > upper_bounds[bound.key]
      -- A blob prints bytes above 127 as \x..; without one it needs no decoding.
      or (list_contains(text_ids, bound.key) and contains(bound.value::varchar, '\x') and try(decode(bound.value)) is null)
    )
  )
  or (
    list_contains(number_ids, bound.key)
    and (
      coalesce((nan_counts ->> bound.key::varchar)::bigint, 1) > 0
      or (list_contains(double_ids, bound.key) and octet_length(bound.value) = 4)
    )
  )
