-- @name account_state_dimension
-- What: the dimension as if it were built today from all raw rows, against the dimension as the sessions left it.
-- It goes another way than the process: no hour is computed from the hour before; each account's moves are put in a line,
-- and every hour looks up the last of them. The least complete hour of the three streams bounds it.
-- @returns target VARCHAR, row_count BIGINT, missing_rows BIGINT, extra_rows BIGINT
with signups as (
  select account_id,
         plan,
         list_position(['basic', 'standard', 'premium'], plan)::integer as plan_rank,
         processing_ts as moved_ms,
         processing_ts // 3600000 as epoch_hour
  from raw.raw_signups
),
cancel_hours as (
  select account_id, processing_ts // 3600000 as cancel_hour, max(processing_ts) as moved_ms
  from raw.raw_cancels
  group by account_id, cancel_hour
),
first_cancels as (
  select account_id, min(cancel_hour) as epoch_hour, arg_min(cancel_hours.moved_ms, cancel_hour) as moved_ms
  from cancel_hours
  join signups using (account_id)
  where cancel_hour >= signups.epoch_hour
  group by account_id
),
last_changes as (
  select account_id,
         processing_ts // 3600000 as epoch_hour,
         arg_max(new_plan, row(processing_ts, event_id)) as plan,
         max(processing_ts) as moved_ms
  from raw.raw_plan_changes
  group by account_id, epoch_hour
),
plan_moves as (
  select account_id, epoch_hour, 0 as step, plan, plan_rank, moved_ms
  from signups
  union all
  select change.account_id,
         change.epoch_hour,
         1 as step,
         change.plan,
         list_position(['basic', 'standard', 'premium'], change.plan)::integer as plan_rank,
         change.moved_ms
  from last_changes as change
  join signups on signups.account_id = change.account_id and change.epoch_hour >= signups.epoch_hour
  left join first_cancels on first_cancels.account_id = change.account_id
  where first_cancels.epoch_hour is null
     or change.epoch_hour < first_cancels.epoch_hour
),
ranked_moves as (
  select *,
         lag(plan_rank) over (partition by account_id order by epoch_hour, step) as rank_before
  from plan_moves
),
states as (
  select account_id, epoch_hour, step, plan, plan_rank, moved_ms,
         case
           when rank_before is null then 'Active'
           when plan_rank > rank_before then 'Upgraded'
           else 'Downgraded'
         end as account_state
  from ranked_moves
  where rank_before is null
     or plan_rank <> rank_before
  union all
  select account_id, epoch_hour, 2 as step, null as plan, null as plan_rank, moved_ms, 'Canceled' as account_state
  from first_cancels
),
last_states as (
  select account_id,
         epoch_hour,
         last_value(plan ignore nulls) over account_so_far as plan,
         last_value(plan_rank ignore nulls) over account_so_far as plan_rank,
         moved_ms,
         account_state
  from states
  window account_so_far as (partition by account_id order by epoch_hour, step)
  qualify row_number() over (partition by account_id, epoch_hour order by step desc) = 1
),
complete as (
  select least(
           (select max(epoch_hour) from signups),
           (select max(processing_ts // 3600000) from raw.raw_plan_changes),
           (select max(processing_ts // 3600000) from raw.raw_cancels),
           (select max(processing_ts // 3600000) from raw.raw_cancel_requests)
         ) as epoch_hour
),
account_hours as (
  select account_id, unnest(range(signups.epoch_hour, complete.epoch_hour + 1)) as epoch_hour
  from signups, complete
),
recomputed as (
  select make_timestamptz(account_hours.epoch_hour * 3600000000) as state_hour,
         account_id,
         plan,
         plan_rank,
         account_state,
         make_timestamptz(moved_ms * 1000) as state_since
  from account_hours
  asof join last_states using (account_id, epoch_hour)
),
loaded as (
  select state_hour, account_id, plan, plan_rank, account_state, state_since
  from dims.account_state_dimension
),
missing as (
  from recomputed
  except all
  from loaded
),
extra as (
  from loaded
  except all
  from recomputed
)
select 'dims.account_state_dimension' as target,
       (select count(*) from loaded) as row_count,
       (select count(*) from missing) as missing_rows,
       (select count(*) from extra) as extra_rows
