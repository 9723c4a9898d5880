-- @name test/in_hours
-- What: rows of exactly these hours, which are counted since 1970.
select * from {{table}} where list_contains({{hours}}, {{hour}})
