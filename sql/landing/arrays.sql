-- @name landing/arrays
-- What: a file that is one JSON array, and not an object a line.
-- @returns path VARCHAR
select psyberg_file as path
from {{lines}}
where line = 1
  and starts_with(ltrim(text), '[')
limit 1
