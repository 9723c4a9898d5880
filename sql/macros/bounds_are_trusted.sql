-- @name macros/bounds_are_trusted
-- What: whether the bounds of an event time can be right, given as numbers in the column's unit. They cannot when one is missing or of a width of its own
--       (NULL here), when the lower one is above the upper one, when both are 0 (what writers put where they know nothing), or when the file is said to hold
--       nothing but NULLs. Nanoseconds are right to some 2 s only: DuckDB 1.5.5 adds up to 2^31 of them, whatever lay in memory, to bounds of whole seconds
--       (found as a lower bound 33 us above its only row, in 3 of 40 files, 2026-11-24). They are trusted where that makes no other hour.
--       (Not a temporary macro: statements on forked connections need it too.)
-- @gives BOOLEAN, NULL when a bound is NULL
create or replace macro bounds_are_trusted(lower_value, upper_value, unit, null_count, row_count) as (
  case when unit = 'ns' then
    (lower_value::hugeint - 2147483648) // 3600000000000 = (lower_value::hugeint + 2147483648) // 3600000000000
    and (upper_value::hugeint - 2147483648) // 3600000000000 = (upper_value::hugeint + 2147483648) // 3600000000000
    and lower_value // 3600000000000 <= upper_value // 3600000000000
  else lower_value <= upper_value end
  and not (lower_value = 0 and upper_value = 0)
  and coalesce(null_count, 0) < row_count
)
