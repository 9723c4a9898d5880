-- @name spark/half_of_rows_on_spark
-- What: a condition for one half of the rows of a file, as fragments/half_of_rows. A file of one row is in either half.
pmod(bit_count(_pos) + pmod(hash(_file), 2), 2) = {{number}}
