-- @name compose/data_file_columns
-- What: the columns of `data_file` in a manifest; writers differ in the optional ones.
-- @param $manifest VARCHAR
select unnest(data_file)
from read_avro($manifest)
limit 0
