-- @name landing/add_lines
-- What: the lines of one file, by their numbers.
-- @param $file VARCHAR
-- @param $path VARCHAR as the ledger has it
insert into {{lines}}
select $path, row_number() over (), text
from read_csv($file, columns = {'text': 'VARCHAR'}, auto_detect = false, header = false, delim = e'\x01', quote = '', escape = '', comment = '', max_line_size = 67108864, parallel = false, strict_mode = false)
