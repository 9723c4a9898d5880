-- @name raw_signups
-- What: the sign-ups that arrive in the given hours. 3,000 members join in hour 0, about 714 in each hour after it.
-- Late: 6 % of hours 2 and 3 arrive in hour 6, and 2 % of hour 0 in hour 7, each as a second batch of the hour in which they land.
-- Dice are MD5 numbers: the same on every machine and in every DuckDB version.
-- @param $first_arrival_hour INTEGER
-- @param $last_arrival_hour INTEGER
insert into raw.raw_signups
with accounts as (
  select account_id,
         case when account_id <= 3000 then 0 else 1 + account_id % 7 end as event_hour
  from range(1, 8001) as generated (account_id)
),
diced as (
  select account_id,
         event_hour,
         md5_number_lower('signup moment ' || account_id) % 3600000 as millisecond,
         md5_number_lower('signup plan ' || account_id) % 3 as plan_dice,
         md5_number_lower('signup country ' || account_id) % 5 as country_dice,
         md5_number_lower('signup late ' || account_id) % 100 as late_dice
  from accounts
),
arriving as (
  select *,
         case
           when event_hour in (2, 3) and late_dice < 6 then 6
           when event_hour = 0 and late_dice < 2 then 7
           else event_hour
         end as arrival_hour
  from diced
)
select 1000000 + account_id as event_id,
       account_id,
       ['US', 'BR', 'DE', 'JP', 'IN'][country_dice::integer + 1] as country,
       ['basic', 'standard', 'premium'][plan_dice::integer + 1] as plan,
       (epoch_ms(timestamp '2023-09-14 00:00:00') + event_hour * 3600000 + millisecond)::bigint as processing_ts,
       date '2023-09-14' as landing_date,
       arrival_hour::integer as landing_hour,
       (case when arrival_hour > event_hour then 2 else 1 end)::integer as batch_id
from arriving
where arrival_hour between $first_arrival_hour and $last_arrival_hour
order by event_id
