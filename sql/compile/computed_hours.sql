-- @name compile/computed_hours
-- What: the rows of all computed hours.
select * from {{hours}}
