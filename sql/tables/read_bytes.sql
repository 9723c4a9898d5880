-- @name tables/read_bytes
-- What: a small file as hexadecimal text.
-- @param $path VARCHAR
-- @returns content VARCHAR
select hex(content) as content
from read_blob($path)
