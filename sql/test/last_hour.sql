-- @name test/last_hour
-- What: the newest hour in which a table has rows, counted since 1970.
-- @returns hour BIGINT
select max({{hour}})::bigint as hour from {{table}}
