-- @name tables/cut_texts
-- What: which manifests say of their files what no reader can use: bounds of text columns that are no UTF-8, since they were cut within a character
--       (DuckDB 1.5.5 cuts lower bounds after 16 bytes), and partition values of truncated texts that are longer than the transform lets them be.
-- @param $manifests VARCHAR[] manifests of one shape
-- @param $text_fields INTEGER[] field ids of text columns
-- @returns filename VARCHAR
select distinct filename
from read_manifests($manifests)
where len(list_filter(
    map_entries(data_file.lower_bounds) || map_entries(data_file.upper_bounds),
    lambda bound: list_contains($text_fields, bound.key) and try(decode(bound.value)) is null
  )) > 0
  or {{too_long}}
