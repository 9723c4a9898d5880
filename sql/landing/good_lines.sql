-- @name landing/good_lines
-- What: the rows of those lines that fit, as landing/read_files gives them.
create or replace temp table {{relation}} as
select {{values}}, psyberg_file
from {{lines}}
where trim(text) <> ''
  and not {{misfit}}
