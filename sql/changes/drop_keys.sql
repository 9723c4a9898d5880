-- @name changes/drop_keys
-- What: takes a temporary table of keys away.
drop table if exists {{keys}}
