-- @name session/files_of_new_rows
-- What: the files of a view none of whose rows is in another view: what an append brought, told from what a rewrite put elsewhere. Rows are known by a 64-bit hash of
--       {{row}} (as in session/rows_by_hour);
--       whoever asks compares the rest, so two rows that look alike make a file be taken for rewritten, and nothing be loaded twice.
-- @param $files VARCHAR[] paths of the data files in {{after}}, as manifests write them
-- @returns path VARCHAR
with known as (
  select distinct hash({{row}}) as row_hash
  from {{before}} as data
),
found as (
  select filename as path, hash({{row}}) as row_hash
  from {{after}} as data
)
select given.path
from found
join (select unnest($files::varchar[]) as path) as given on plain_path(given.path) = found.path
left join known using (row_hash)
group by given.path
having count(known.row_hash) = 0
order by given.path
