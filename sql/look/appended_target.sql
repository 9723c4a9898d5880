-- @name look/appended_target
-- What: the target with the rows that are added to it.
select * from {{target}}
union all by name
select * from {{rows}}
