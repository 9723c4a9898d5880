-- @name macros/bounds_are_trusted
-- What: whether the bounds of an integer-like column can be right, given as hexadecimal text. They cannot when the lower one is above the upper one, when they
--       differ in width, when both are 0 (what writers put where they know nothing), or when the file is said to hold nothing but NULLs.
--       (Not a temporary macro: statements on forked connections need it too.)
-- @returns BOOLEAN, NULL when a bound is missing or of an unknown width
create or replace macro bounds_are_trusted(lower_bound, upper_bound, null_count, row_count) as (
  length(lower_bound) = length(upper_bound)
  and iceberg_integer(lower_bound) <= iceberg_integer(upper_bound)
  and not (ltrim(lower_bound, '0') = '' and ltrim(upper_bound, '0') = '')
  and coalesce(null_count, 0) < row_count
)
