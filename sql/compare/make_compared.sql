-- @name compare/make_compared
-- What: an empty place in it for the tables of one comparison.
create schema if not exists psyberg_compare.compared
