-- @name changes/count_keys
-- What: how many keys there are; NULL is one like any other.
-- @returns keys BIGINT
select count(*) as keys
from (select distinct key from {{keys}}) as each_once
