-- @name no_account_vanishes
-- What: bad are accounts that had a state at the end of an hour and have none at the end of the staged hour after it.
with staged_hours as (
  select distinct state_hour
  from staged
)
select earlier.account_id,
       earlier.state_hour as last_seen_hour
from target as earlier
join staged_hours on staged_hours.state_hour = earlier.state_hour + interval 1 hour
anti join target as later on later.account_id = earlier.account_id
  and later.state_hour = staged_hours.state_hour
