-- @name test/newest_hour
-- What: the newest hour up to one in which a source has rows, in hours since 1970.
-- @returns hour BIGINT
select max({{hour}}) as hour from {{table}} where {{hour}} <= {{last}}
