-- @name landing/bad_rows
-- What: the rows of CSV files that do not fit. A line with several faults is one row.
-- @param $folder VARCHAR the project's folder with a slash at its end, which paths in the ledger are relative to; or nothing
create or replace temp table {{bad}} as
select
  case when starts_with(file_path, $folder) then substr(file_path, length($folder) + 1) else file_path end as psyberg_file,
  line::bigint as line,
  any_value(csv_line) as text,
  string_agg(error_message, '; ') as reason
from temp.main.psyberg_rejects
join temp.main.psyberg_reject_scans using (scan_id, file_id)
group by file_path, line
