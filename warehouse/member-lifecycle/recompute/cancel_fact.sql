-- @name cancel_fact
-- What: the fact as if it were built today from all raw rows of both streams, against the fact as the sessions left it.
-- The least complete hour bounds it: an hour above it is not loaded before both streams have it.
-- @returns target VARCHAR, row_count BIGINT, missing_rows BIGINT, extra_rows BIGINT
with complete as (
  select least(
           (select max(processing_ts // 3600000) from raw.raw_cancels),
           (select max(processing_ts // 3600000) from raw.raw_cancel_requests)
         ) as epoch_hour
),
recomputed as (
  select cancel.event_id,
         cancel.account_id,
         make_timestamptz(cancel.processing_ts * 1000) as cancel_ts,
         if(
           exists (
             from raw.raw_cancel_requests as request
             where request.account_id = cancel.account_id
               and request.processing_ts <= cancel.processing_ts
               and request.processing_ts > cancel.processing_ts - 30 * 24 * 3600000::bigint
           ),
           'voluntary',
           'involuntary'
         ) as churn_type
  from raw.raw_cancels as cancel
  where cancel.processing_ts // 3600000 <= (select epoch_hour from complete)
),
loaded as (
  select event_id, account_id, cancel_ts, churn_type
  from facts.cancel_fact
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
select 'facts.cancel_fact' as target,
       (select count(*) from loaded) as row_count,
       (select count(*) from missing) as missing_rows,
       (select count(*) from extra) as extra_rows
