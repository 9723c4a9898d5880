-- @name test/begin
-- What: an empty place for the tables of one test.
drop schema if exists psyberg_test.test_rows cascade; create schema psyberg_test.test_rows
