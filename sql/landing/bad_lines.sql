-- @name landing/bad_lines
-- What: those lines that do not.
create or replace temp table {{bad}} as
select psyberg_file, line, text, case when json_valid(text) then 'a value does not fit its column' else 'no JSON, or cut off' end as reason
from {{lines}}
where trim(text) <> ''
  and {{misfit}}
