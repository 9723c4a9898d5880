-- @name landing/read_files
-- What: the rows of files in a temporary table, so that each is read once, however many statements of the session ask for them. Its column `psyberg_file` is the
--       path as the ledger has it.
-- @param $files VARCHAR[] paths or URLs, with glob characters made literal
-- @param $folder VARCHAR the project's folder with a slash at its end, which paths in the ledger are relative to; or nothing
-- @param $above VARCHAR[] the folders above it that paths lead through, the nearest first, each with a slash at its end
create temp table if not exists {{relation}} as
select
  * exclude (psyberg_file){{values}},
  ledger_path(psyberg_file, $folder, $above) as psyberg_file
from {{reader}}($files, filename = 'psyberg_file'{{options}})
{{only}}
