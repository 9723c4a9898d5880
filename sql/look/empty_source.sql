-- @name look/empty_source
-- What: the name of one source, if it has no row.
-- @returns alias VARCHAR
select {{alias}} as alias where not exists (select 1 from {{source}})
