-- @name test/read_csv
-- What: a CSV with a head, every cell as text; an empty one is NULL, and an empty text stands in quotes.
select * from read_csv({{file}}, header = true, all_varchar = true, allow_quoted_nulls = false, null_padding = false)
