-- @name compare/hours
-- What: two relations hour by hour: how many rows each has, and whether they look like the same ones. Rows are told by two sums of 64-bit hashes, which do not
--       depend on order. {{row}}: the values of all columns, and the text of those whose values hash() does not all tell apart.
-- @returns hour BIGINT NULL (counted since 1970; NULL for rows without an event time), rows_expected BIGINT, rows_found BIGINT, same BOOLEAN
with expected as (
  select {{hour}} as hour, count(*) as row_count, sum(hash({{row}})::hugeint) as one, sum(hash({{row}}, 'again')::hugeint) as other
  from (select {{columns}} from {{expected}} where {{keep}}) as psyberg_row
  group by all
),
found as (
  select {{hour}} as hour, count(*) as row_count, sum(hash({{row}})::hugeint) as one, sum(hash({{row}}, 'again')::hugeint) as other
  from (select {{columns}} from {{found}} where {{keep}}) as psyberg_row
  group by all
)
select
  coalesce(expected.hour, found.hour) as hour,
  coalesce(expected.row_count, 0)::bigint as rows_expected,
  coalesce(found.row_count, 0)::bigint as rows_found,
  coalesce(expected.row_count = found.row_count and expected.one = found.one and expected.other = found.other, false) as same
from expected
full join found on expected.hour is not distinct from found.hour
order by hour
