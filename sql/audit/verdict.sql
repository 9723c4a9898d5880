-- @name audit/verdict
-- What: how many bad rows an audit found, with some of them. No row: the audit passed.
-- @param $kept_rows BIGINT how many
select count(*) over () as psyberg_bad_rows, bad.*
from (
{{audit}}
) as bad
limit $kept_rows
