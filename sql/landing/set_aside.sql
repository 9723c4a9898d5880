-- @name landing/set_aside
-- What: rows that do not fit, in the order of their files.
-- @param $limit BIGINT
-- @returns file VARCHAR, line BIGINT NULL, text VARCHAR, reason VARCHAR, found BIGINT (how many there are in all)
select psyberg_file as file, line, text, reason, count(*) over () as found
from {{bad}}
order by file, line
limit $limit
