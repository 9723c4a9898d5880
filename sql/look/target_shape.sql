-- @name look/target_shape
-- What: the columns of the target.
select * from {{target}}
