-- @name raw_plan_changes
-- What: the plan changes that arrive in the given hours: up to two for an account, one to five hours after it joined.
-- Late: 6 % of hours 2 and 3 arrive in hour 6. Those of hour 2 land in a new partition, those of hour 3 are added to the
-- partition of hour 3 that was loaded long ago: only the new file may be read, or its first rows would be loaded twice.
-- @param $first_arrival_hour INTEGER
-- @param $last_arrival_hour INTEGER
insert into raw.raw_plan_changes
with accounts as (
  select account_id,
         case when account_id <= 3000 then 0 else 1 + account_id % 7 end as signup_hour
  from range(1, 8001) as generated (account_id)
),
changes as (
  select account_id,
         change_number,
         signup_hour + 1 + md5_number_lower('change hour ' || account_id || ' ' || change_number) % 5 as event_hour,
         md5_number_lower('change moment ' || account_id || ' ' || change_number) % 3600000 as millisecond,
         md5_number_lower('change plan ' || account_id || ' ' || change_number) % 3 as plan_dice,
         md5_number_lower('change late ' || account_id || ' ' || change_number) % 100 as late_dice
  from accounts, range(1, 3) as numbers (change_number)
  where md5_number_lower('change ' || account_id || ' ' || change_number) % 100 < 30
),
arriving as (
  select *,
         case when event_hour in (2, 3) and late_dice < 6 then 6 else event_hour end as arrival_hour
  from changes
  where event_hour <= 7
)
select 2000000 + account_id * 10 + change_number as event_id,
       account_id,
       ['basic', 'standard', 'premium'][plan_dice::integer + 1] as new_plan,
       (epoch_ms(timestamp '2023-09-14 00:00:00') + event_hour * 3600000 + millisecond)::bigint as processing_ts,
       date '2023-09-14' as landing_date,
       (case when event_hour = 3 then 3 else arrival_hour end)::integer as landing_hour,
       (case when arrival_hour > event_hour and event_hour <> 3 then 2 else 1 end)::integer as batch_id
from arriving
where arrival_hour between $first_arrival_hour and $last_arrival_hour
order by event_id
