-- @name test/make_rows
-- What: an empty place for the tables in memory of one test.
create schema if not exists psyberg_test.test_rows
