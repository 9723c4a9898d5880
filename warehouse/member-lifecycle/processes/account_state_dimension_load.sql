/*---
process_name: account_state_dimension_load
pattern: dimension
sources:
  - table: facts.signup_fact
    event_time: signup_ts
  - table: facts.account_plan_fact
    event_time: change_ts
  - table: facts.cancel_fact
    event_time: cancel_ts
target:
  table: dims.account_state_dimension
  event_time: state_hour
  partition_by: [hour(state_hour)]
audits:
  - no_missing_events: { source: signup_fact, key: account_id }
  - not_null: { columns: [state_hour, account_id, plan_rank, account_state, state_since] }
  - unique: { columns: [state_hour, account_id] }
  - sql: audits/no_account_vanishes.sql
---*/
-- The state of every account at the end of one hour: that of the hour before, moved on by what happened in this hour.
-- An account that signs up again starts anew. The plan before decides between Upgraded and Downgraded, so a late fact changes its own hour and every hour after it.
with accounts as (
  select account_id,
         plan,
         plan_rank,
         'Active' as account_state,
         signup_ts as state_since
  from signup_fact
  union all
  select account_id, plan, plan_rank, account_state, state_since
  from previous
  anti join signup_fact using (account_id)
),
last_plan as (
  select account_id,
         arg_max(plan, row(change_ts, event_id)) as plan,
         arg_max(plan_rank, row(change_ts, event_id)) as plan_rank,
         max(change_ts) as change_ts
  from account_plan_fact
  group by account_id
),
last_cancel as (
  select account_id,
         max(cancel_ts) as cancel_ts
  from cancel_fact
  group by account_id
),
moved as (
  select accounts.*,
         last_plan.plan as new_plan,
         last_plan.plan_rank as new_plan_rank,
         change_ts,
         cancel_ts,
         case
           when accounts.account_state = 'Canceled' then 'Canceled'
           when cancel_ts is not null then 'Canceled'
           when last_plan.plan_rank > accounts.plan_rank then 'Upgraded'
           when last_plan.plan_rank < accounts.plan_rank then 'Downgraded'
           else accounts.account_state
         end as new_state
  from accounts
  left join last_plan using (account_id)
  left join last_cancel using (account_id)
)
select $first_hour::timestamptz as state_hour,
       account_id::bigint as account_id,
       (case when new_state = 'Canceled' then plan else coalesce(new_plan, plan) end)::varchar as plan,
       (case when new_state = 'Canceled' then plan_rank else coalesce(new_plan_rank, plan_rank) end)::integer as plan_rank,
       new_state::varchar as account_state,
       (case
          when account_state = 'Canceled' then state_since
          when new_state = 'Canceled' then cancel_ts
          when new_plan_rank <> plan_rank then change_ts
          else state_since
        end)::timestamptz as state_since
from moved
