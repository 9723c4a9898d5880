-- @name test/fingerprint
-- What: a number that is the same for tables of the same rows, in any order.
-- @returns fingerprint VARCHAR
select count(*) || ':' || coalesce(sum(hash(*columns(*))), 0) as fingerprint from {{table}}
