-- @name test/attach_memory
-- What: the database in memory that holds the rows of a test beside its warehouse.
attach if not exists ':memory:' as psyberg_test
