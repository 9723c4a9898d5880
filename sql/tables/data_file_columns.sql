-- @name tables/data_file_columns
-- What: the columns of a manifest, those of `data_file` beside those of the entry; writers differ in the optional ones.
-- @param $manifest VARCHAR
select * exclude (data_file), unnest(data_file)
from read_avro($manifest)
limit 0
