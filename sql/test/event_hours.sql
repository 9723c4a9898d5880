-- @name test/event_hours
-- What: the first hour in which a source has rows, in hours since 1970. Those before the year 1 count as without an event time, as in `calendar_hour`.
-- @returns hour BIGINT
select min({{hour}})::bigint as hour from {{table}} where calendar_hour({{hour}}) is not null
