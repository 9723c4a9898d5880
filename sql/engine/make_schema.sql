-- @name engine/make_schema
-- What: a schema, where it is not there yet.
create schema if not exists {{schema}}
