-- @name landing/csv_head
-- What: the first line of a file, as it stands there.
-- @param $file VARCHAR
-- @returns line VARCHAR
select text as line
from read_csv($file, columns = {'text': 'VARCHAR'}, auto_detect = false, header = false, delim = e'\x01', quote = '', escape = '', comment = '', max_line_size = 67108864, parallel = false, strict_mode = false)
limit 1
