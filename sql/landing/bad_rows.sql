-- @name landing/bad_rows
-- What: the rows of CSV files that do not fit: those that DuckDB rejects, a line with several faults once; and those with a value that a cast would change, whose
--       lines nobody knows.
-- @param $files VARCHAR[] paths or URLs, with glob characters made literal
-- @param $folder VARCHAR the project's folder with a slash at its end, which paths in the ledger are relative to; or nothing
-- @param $above VARCHAR[] the folders above it that paths lead through, the nearest first, each with a slash at its end
create or replace temp table {{bad}} as
select ledger_path(file_path, $folder, $above) as psyberg_file, line::bigint as line, any_value(csv_line) as text, string_agg(error_message, '; ') as reason
from temp.main.psyberg_rejects
join temp.main.psyberg_reject_scans using (scan_id, file_id)
group by file_path, line
union all
select ledger_path(psyberg_file, $folder, $above), null, to_json(changed)::varchar, 'a value does not fit its column'
from read_csv($files, filename = 'psyberg_file', ignore_errors = true{{options}}) as changed
where {{changes}}
