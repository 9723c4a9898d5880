-- @name test/rows_to_hour
-- What: the rows of a source in the hours from one to another, both included; hours are counted since 1970.
select * from {{table}} where {{hour}} between {{first}} and {{last}}
