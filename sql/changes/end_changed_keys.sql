-- @name changes/end_changed_keys
-- What: the keys of rows that came, went or changed, with the hours in which they did.
create or replace temp table {{keys}} as
select distinct key, hour
from (
  select key, hour
  from {{changed}}
  group by key, hour, row_hash, second_hash
  having sum(balance) <> 0
) as differing
