-- @name tables/write_bytes
-- What: a small file from hexadecimal text.
-- @param $content VARCHAR
-- @param $destination VARCHAR
copy (select unhex($content) as content) to $destination (format blob)
