-- @name landing/first_bad_line
-- What: the first line of a file of JSON lines that is no JSON, is cut off, or has a value that does not fit its column.
-- @param $file VARCHAR
-- @returns line BIGINT, text VARCHAR, is_json BOOLEAN
select line, left(text, 120) as text, json_valid(text) as is_json
from (
  select row_number() over () as line, text
  from read_csv($file, columns = {'text': 'VARCHAR'}, auto_detect = false, header = false, delim = e'\x01', quote = '', escape = '', comment = '', max_line_size = 67108864, parallel = false, strict_mode = false)
)
where trim(text) <> ''
  and {{misfit}}
order by line
limit 1
