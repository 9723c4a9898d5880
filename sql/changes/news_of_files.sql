-- @name changes/news_of_files
-- What: of the files of a view, whether their rows are in another view: what an append brought, told from what a rewrite put elsewhere. Rows are known by a 64-bit hash of
--       {{row}} (as in changes/rows_by_hour); two different rows with one hash make a row be taken for a known one. Rows that are equal are counted: of two where one was known, one is new.
-- @param $files VARCHAR[] paths of the data files in {{after}}, as manifests write them
-- @returns path VARCHAR, known_rows BIGINT, new_rows BIGINT
with known as (
  select hash({{row}}) as row_hash, count(*) as times
  from {{before}} as psyberg_row
  group by row_hash
),
found as (
  select given.path, hash({{row}}) as row_hash, count(*) as times
  from {{after}} as psyberg_row
  join (select unnest($files) as path) as given on plain_path(given.path) = psyberg_row.filename
  group by given.path, row_hash
),
-- Of equal rows those of the files that come first by name are the known ones.
counted as (
  select
    found.path,
    found.times,
    coalesce(known.times, 0) - coalesce(sum(found.times) over (
      partition by found.row_hash order by found.path rows between unbounded preceding and 1 preceding
    ), 0) as still_known
  from found
  left join known using (row_hash)
)
select
  path,
  sum(least(times, greatest(still_known, 0)))::bigint as known_rows,
  sum(times - least(times, greatest(still_known, 0)))::bigint as new_rows
from counted
group by path
order by path
