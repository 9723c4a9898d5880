-- @name compare/paired
-- What: differing rows, and which of them are two states of one row: one of each side with the same key. A key with a NULL in it is nobody's.
create or replace table {{table}} as
select *, count(*) over (partition by {{key}}, psyberg_place) = 2 and ({{has_key}}) as psyberg_changed
from (
  select *, row_number() over (partition by {{key}}, psyberg_surplus order by psyberg_hour) as psyberg_place
  from {{differing}}
)
