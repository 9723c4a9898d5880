-- @name compare/hours_of_copy
-- What: of such a copy the rows from one hour to another, both included.
select * exclude (psyberg_hour) from {{table}} where psyberg_hour between {{first}} and {{last}}
