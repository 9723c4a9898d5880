-- @name landing/read_files
-- What: the rows of files in a temporary table, so that each is read once, however many statements of the session ask for them. Its column `psyberg_file` is the
--       path as the ledger has it.
-- @param $files VARCHAR[] paths or URLs, with glob characters made literal
-- @param $folder VARCHAR the project's folder with a slash at its end, which paths in the ledger are relative to; or nothing
create temp table if not exists {{relation}} as
select
  * exclude (psyberg_file){{values}},
  case when starts_with(psyberg_file, $folder) then substr(psyberg_file, length($folder) + 1) else psyberg_file end as psyberg_file
from {{reader}}($files, filename = 'psyberg_file'{{options}})
{{only}}
