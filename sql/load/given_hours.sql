-- @name load/given_hours
-- What: the session's separate hours.
-- @param $hours VARCHAR[] hours since 1970-01-01T00:00:00Z
select unnest($hours::bigint[])
