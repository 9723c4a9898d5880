-- @name fragments/all_of_rows
-- What: all of the sampled rows of a source.
-- @into look/own_query {{sources}}
select * exclude (psyberg_number) from {{sample}}
