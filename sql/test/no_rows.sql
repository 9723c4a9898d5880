-- @name test/no_rows
-- What: a relation with columns and without rows.
select {{columns}} where false
