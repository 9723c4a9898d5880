-- @name audit/verdict
-- What: how many bad rows an audit found, with ten of them. No row: the audit passed.
select count(*) over () as psyberg_bad_rows, bad.*
from (
{{audit}}
) as bad
limit 10
