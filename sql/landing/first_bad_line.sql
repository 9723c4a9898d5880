-- @name landing/first_bad_line
-- What: the first line of a file of JSON lines that is no JSON, or is cut off.
-- @param $file VARCHAR
-- @returns line BIGINT, text VARCHAR
select line, left(text, 120) as text
from (
  select row_number() over () as line, text
  from read_csv($file, columns = {'text': 'VARCHAR'}, auto_detect = false, header = false, delim = e'\x01', quote = '', escape = '', comment = '', max_line_size = 67108864, parallel = false, strict_mode = false)
)
where text is not null
  and not json_valid(text)
order by line
limit 1
