-- @name lookback
-- What: the rows that each process would read if it always read the newest hour of its sources and so many hours before it.
-- @param $lookback_hours INTEGER
-- @returns process_name VARCHAR, rows_read BIGINT
with rows_of_sources as (
  select 'signup_fact_load' as process_name, 'raw_signups' as source, processing_ts // 3600000 as epoch_hour
  from raw.raw_signups
  union all
  select 'account_plan_fact_load', 'raw_plan_changes', processing_ts // 3600000
  from raw.raw_plan_changes
  union all
  select 'cancel_request_fact_load', 'raw_cancel_requests', processing_ts // 3600000
  from raw.raw_cancel_requests
  union all
  select 'cancel_fact_load', 'raw_cancels', processing_ts // 3600000
  from raw.raw_cancels
  union all
  select 'cancel_fact_load', 'cancel_request_fact', epoch_ms(request_ts) // 3600000
  from facts.cancel_request_fact
  union all
  select 'account_state_dimension_load', 'signup_fact', epoch_ms(signup_ts) // 3600000
  from facts.signup_fact
  union all
  select 'account_state_dimension_load', 'account_plan_fact', epoch_ms(change_ts) // 3600000
  from facts.account_plan_fact
  union all
  select 'account_state_dimension_load', 'cancel_fact', epoch_ms(cancel_ts) // 3600000
  from facts.cancel_fact
),
newest_hours as (
  select process_name, source, max(epoch_hour) as newest_hour
  from rows_of_sources
  group by process_name, source
),
complete_hours as (
  select process_name, min(newest_hour) as complete_hour
  from newest_hours
  group by process_name
)
select process_name, count(*) as rows_read
from rows_of_sources
join complete_hours using (process_name)
where epoch_hour between complete_hour - $lookback_hours and complete_hour
group by process_name
