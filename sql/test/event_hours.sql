-- @name test/event_hours
-- What: the first hour in which a source has rows, in hours since 1970.
-- @returns hour BIGINT
select min({{hour}})::bigint as hour from {{table}}
