-- @name test/leaves_hours
-- What: whether a query returned rows in other hours than those that it was given, or in none.
-- @returns outside BOOLEAN
select exists (select 1 from {{table}} where {{hour}} is null or not list_contains({{hours}}, {{hour}})) as outside
