-- @name tables/deleted_paths
-- What: the data files that position delete files are about, from the files themselves (Iceberg specification, "Position Delete Files").
-- @param $files VARCHAR[] paths of Parquet files
-- @returns path VARCHAR (the delete file), data_file VARCHAR
select distinct
  given.path,
  file_path as data_file
from read_parquet($files, filename = true, union_by_name = true) as file
join (select unnest($files) as path) as given on plain_path(given.path) = file.filename
