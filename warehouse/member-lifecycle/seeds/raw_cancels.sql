-- @name raw_cancels
-- What: the cancels that arrive in the given hours: 12 % of the accounts, one to five hours after they joined.
-- Late: 10 % of hour 5 arrive in hour 6, added to the partition of hour 5 that was loaded already.
-- @param $first_arrival_hour INTEGER
-- @param $last_arrival_hour INTEGER
insert into raw.raw_cancels
with accounts as (
  select account_id,
         case when account_id <= 3000 then 0 else 1 + account_id % 7 end as signup_hour
  from range(1, 8001) as generated (account_id)
),
cancels as (
  select account_id,
         signup_hour + 1 + md5_number_lower('cancel hour ' || account_id) % 5 as event_hour,
         md5_number_lower('cancel moment ' || account_id) % 3600000 as millisecond,
         md5_number_lower('cancel late ' || account_id) % 100 as late_dice
  from accounts
  where md5_number_lower('cancel ' || account_id) % 100 < 12
),
arriving as (
  select *,
         case when event_hour = 5 and late_dice < 10 then 6 else event_hour end as arrival_hour
  from cancels
  where event_hour <= 7
)
select 3000000 + account_id as event_id,
       account_id,
       (epoch_ms(timestamp '2023-09-14 00:00:00') + event_hour * 3600000 + millisecond)::bigint as processing_ts,
       date '2023-09-14' as landing_date,
       event_hour::integer as landing_hour,
       1 as batch_id
from arriving
where arrival_hour between $first_arrival_hour and $last_arrival_hour
order by event_id
