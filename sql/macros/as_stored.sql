-- @name macros/as_stored
-- What: the name of an Avro file as tables have it, of what DuckDB reports where it read a copy of one in a store (engine/avro-copies.ts).
-- @gives VARCHAR
create or replace macro as_stored(path) as
  case when contains(path, '/psyberg-here/') then regexp_replace(path, '^/.*/psyberg-here/', '') else path end
