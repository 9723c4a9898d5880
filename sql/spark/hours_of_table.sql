-- @name spark/hours_of_table
-- What: the rows of a table in the hours from one to another, both included; hours are counted since 1970. `near` leaves out files.
select *
from {{table}}
where {{near}}
  and {{hour}} between {{first}} and {{last}}
