-- @name landing/good_rows
-- What: the rows of CSV files that fit, as landing/read_files gives them.
-- @param $files VARCHAR[] paths or URLs, with glob characters made literal
-- @param $folder VARCHAR the project's folder with a slash at its end, which paths in the ledger are relative to; or nothing
-- @param $above VARCHAR[] the folders above it that paths lead through, the nearest first, each with a slash at its end
create or replace temp table {{relation}} as
select
  * exclude (psyberg_file){{values}},
  ledger_path(psyberg_file, $folder, $above) as psyberg_file
from read_csv($files, filename = 'psyberg_file', ignore_errors = true{{options}})
where not {{misfit}}
