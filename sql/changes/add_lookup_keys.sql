-- @name changes/add_lookup_keys
-- What: the keys of all rows of a lookup, which has no hours. Rows are told by two hashes: those that are in both states of it are no change.
-- @param $sign BIGINT 1 for rows as they are, -1 for rows as they were
insert into {{changed}}
select key, 0, row_hash, second_hash, $sign * count(*)
from (
  select psyberg_row.{{key}} as key, {{row_hash}} as row_hash, {{second_hash}} as second_hash
  from {{rows}} as psyberg_row
) as rows
group by all
