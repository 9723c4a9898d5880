-- @name changes/begin_changed_keys
-- What: a temporary table for the keys of changed rows, by hour; a row that stayed as it was is there as often with + as with -.
create or replace temp table {{changed}} as
select psyberg_row.{{key}} as key, 0::bigint as hour, 0::ubigint as row_hash, 0::ubigint as second_hash, 0::bigint as balance
from {{rows}} as psyberg_row
where false
