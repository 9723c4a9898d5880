-- @name binding/make_columns
-- What: a table whose columns stand for those of a source, by names that none of them takes from another.
create temporary table {{table}} ({{columns}})
