-- @name account_plan_fact
-- What: the fact as if it were built today from all raw rows, against the fact as the sessions left it.
-- @returns target VARCHAR, row_count BIGINT, missing_rows BIGINT, extra_rows BIGINT
with recomputed as (
  select event_id,
         account_id,
         make_timestamptz(processing_ts * 1000) as change_ts,
         new_plan as plan,
         list_position(['basic', 'standard', 'premium'], new_plan)::integer as plan_rank
  from raw.raw_plan_changes
),
loaded as (
  select event_id, account_id, change_ts, plan, plan_rank
  from facts.account_plan_fact
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
select 'facts.account_plan_fact' as target,
       (select count(*) from loaded) as row_count,
       (select count(*) from missing) as missing_rows,
       (select count(*) from extra) as extra_rows
