-- @name test/drop_rows
-- What: the tables in memory of the test before go.
drop schema if exists psyberg_test.test_rows cascade
