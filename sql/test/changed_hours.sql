-- @name test/changed_hours
-- What: the hours in which rows lie, counted since 1970; those without an event time lie in none.
-- @returns hour BIGINT
select distinct {{hour}} as hour from {{table}} where {{hour}} is not null
