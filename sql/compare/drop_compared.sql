-- @name compare/drop_compared
-- What: the tables of a comparison go.
drop schema if exists psyberg_compare.compared cascade
