-- @name landing/first_bad_row
-- What: the first row of a CSV with a value that does not fit its column.
-- @param $file VARCHAR
-- @returns row_number BIGINT
select row_number
from (
  select *, row_number() over () as row_number
  from read_csv($file, all_varchar = true, parallel = false{{options}})
)
where {{misfit}}
order by row_number
limit 1
