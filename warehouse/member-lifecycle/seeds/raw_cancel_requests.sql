-- @name raw_cancel_requests
-- What: the cancel requests that arrive in the given hours: 70 % of the cancels were asked for before, most of them shortly before, in the
-- same hour; 3 % of the accounts ask and stay.
-- Late: 25 % of hour 5 arrive in hour 6. Their cancels were loaded as involuntary and must become voluntary.
-- By letter: 30 % of the members of old whose cancel is of hour 2 had asked at 21:00 of the evening before, hour -3. The letters are recorded
-- in hour 8: eleven hours late, and five hours away from the hour that they change.
-- @param $first_arrival_hour INTEGER
-- @param $last_arrival_hour INTEGER
insert into raw.raw_cancel_requests
with accounts as (
  select account_id,
         case when account_id <= 3000 then 0 else 1 + account_id % 7 end as signup_hour,
         md5_number_lower('cancel ' || account_id) % 100 as cancel_dice
  from range(1, 8001) as generated (account_id)
),
requests as (
  select account_id,
         signup_hour + 1 + md5_number_lower('cancel hour ' || account_id) % 5 as event_hour,
         md5_number_lower('cancel moment ' || account_id) % 3600000 // 2 as millisecond,
         md5_number_lower('request reason ' || account_id) % 4 as reason_dice,
         md5_number_lower('request late ' || account_id) % 100 as late_dice
  from accounts
  where cancel_dice < 15
    and (cancel_dice >= 12 or md5_number_lower('request ' || account_id) % 100 < 70)
),
posted as (
  select * exclude (event_hour),
         case when event_hour = 2 and account_id <= 3000 and late_dice < 30 then -3 else event_hour end as event_hour
  from requests
),
arriving as (
  select *,
         case
           when event_hour < 0 then 8
           when event_hour = 5 and late_dice < 25 then 6
           else event_hour
         end as arrival_hour
  from posted
  where event_hour <= 7
)
select 4000000 + account_id as event_id,
       account_id,
       ['price', 'content', 'moving', 'other'][reason_dice::integer + 1] as reason,
       (epoch_ms(timestamp '2023-09-14 00:00:00') + event_hour * 3600000 + millisecond)::bigint as processing_ts,
       date '2023-09-14' as landing_date,
       arrival_hour::integer as landing_hour,
       (case when arrival_hour > event_hour then 2 else 1 end)::integer as batch_id
from arriving
where arrival_hour between $first_arrival_hour and $last_arrival_hour
order by event_id
