-- @name maintain/missing_files
-- What: files in a table's folder that its metadata reach and that were not found there: the table is damaged, or its paths are spelt in a way that
--       cannot be compared, and then no file may be called an orphan.
-- @param $folder VARCHAR the table's folder, with a slash at its end
-- @returns path VARCHAR
select path
from maintain_reached
where starts_with(path, $folder)
  and path not in (select path from maintain_found)
order by path
limit 1000
