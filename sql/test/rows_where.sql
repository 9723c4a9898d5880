-- @name test/rows_where
-- What: the rows of a table that meet a condition.
select * from {{table}} where {{condition}}
