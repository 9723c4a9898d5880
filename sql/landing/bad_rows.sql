-- @name landing/bad_rows
-- What: the rows of CSV files that do not fit: those that DuckDB rejects, a line with several faults once; and those with a value that a cast would change, whose
--       lines nobody knows.
-- @param $files VARCHAR[] paths or URLs, with glob characters made literal
-- @param $folder VARCHAR the project's folder with a slash at its end, which paths in the ledger are relative to; or nothing
create or replace temp table {{bad}} as
select case when starts_with(file_path, $folder) then substr(file_path, length($folder) + 1) else file_path end as psyberg_file, line::bigint as line, any_value(csv_line) as text, string_agg(error_message, '; ') as reason
from temp.main.psyberg_rejects
join temp.main.psyberg_reject_scans using (scan_id, file_id)
group by file_path, line
union all
select case when starts_with(psyberg_file, $folder) then substr(psyberg_file, length($folder) + 1) else psyberg_file end, null, to_json(changed)::varchar, 'a value does not fit its column'
from read_csv($files, filename = 'psyberg_file', ignore_errors = true{{options}}) as changed
where {{changes}}
