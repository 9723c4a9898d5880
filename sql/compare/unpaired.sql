-- @name compare/unpaired
-- What: the same where no key is known: no row is another state of another one.
create or replace table {{table}} as
select *, 1 as psyberg_place, false as psyberg_changed from {{differing}}
