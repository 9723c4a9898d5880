-- @name tables/deleted_paths
-- What: the data files that position delete files name.
-- @param $files VARCHAR[] paths of position delete files in Parquet
-- @returns path VARCHAR, data_files VARCHAR[]
select filename as path, list(distinct plain_path(file_path)) as data_files
from read_parquet($files, filename = true)
group by filename
