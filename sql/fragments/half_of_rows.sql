-- @name fragments/half_of_rows
-- What: one half of the sampled rows of a source. Which rows these are has no period (Thue and Morse): of kinds that come in turn, start and end, every second row
--       would be one kind, and a count of each kind the same in halves.
-- @into look/own_query {{sources}}
select * exclude (psyberg_number) from {{sample}} where bit_count(psyberg_number - 1) % 2 = {{half}}
