-- @name answers
-- What: what finance reads for one hour: accounts by their state at its end, and its cancels by kind.
-- @param $hour INTEGER
-- @returns question VARCHAR, answer VARCHAR, row_count BIGINT
select 'accounts' as question, account_state as answer, count(*) as row_count
from dims.account_state_dimension
where epoch_ms(state_hour) // 3600000 % 24 = $hour
group by account_state
union all
select 'cancels' as question, churn_type as answer, count(*) as row_count
from facts.cancel_fact
where epoch_ms(cancel_ts) // 3600000 % 24 = $hour
group by churn_type
order by question, answer
