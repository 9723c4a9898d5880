-- @name fragments/half_of_rows
-- What: every second one of the sampled rows of a source.
-- @into look/own_query {{sources}}
select * exclude (psyberg_number) from {{sample}} where psyberg_number % 2 = {{half}}
