-- @name spark/collect
-- What: what a query returns over whole tables, by the names of its columns into a table like the process's target.
insert into {{rows}} by name
{{query}}
