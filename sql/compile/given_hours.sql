-- @name compile/given_hours
-- What: the session's separate hours.
-- @param $hours BIGINT[] hours since 1970-01-01T00:00:00Z
select unnest($hours)
