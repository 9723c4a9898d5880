-- @name changes/news_of_files
-- What: of the files of a view, whether their rows are in another view: what an append brought, told from what a rewrite put elsewhere. Rows are known by a 64-bit hash of
--       {{row}} (as in changes/rows_by_hour); two rows that look alike make a row be taken for a known one, and nothing be loaded twice.
-- @param $files VARCHAR[] paths of the data files in {{after}}, as manifests write them
-- @returns path VARCHAR, known_rows BIGINT, new_rows BIGINT
with known as (
  select distinct hash({{row}}) as row_hash
  from {{before}} as psyberg_row
),
found as (
  select filename as path, hash({{row}}) as row_hash
  from {{after}} as psyberg_row
)
select
  given.path,
  count(known.row_hash) as known_rows,
  count(*) - count(known.row_hash) as new_rows
from found
join (select unnest($files) as path) as given on plain_path(given.path) = found.path
left join known using (row_hash)
group by given.path
order by given.path
