-- @name tables/repack_avro
-- What: an Avro file written anew with the same rows and schema, in DuckDB's own codec.
-- @param $path VARCHAR
-- @param $destination VARCHAR
copy (from read_avro($path)) to $destination ({{avro_format}})
