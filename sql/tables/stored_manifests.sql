-- @name tables/stored_manifests
-- What: the manifests of data files that a list names, as it is stored, also where this machine has a copy of it: DuckDB keeps what it read, and its Iceberg
--       reader asks the store for none of it again.
-- @param $stored VARCHAR[] the list
-- @returns manifest_path VARCHAR
select manifest_path
from manifest_list($stored)
where content = 0
