-- @name churn_type_known
-- What: bad are cancels whose kind is none of the two that finance reports on.
select event_id, account_id, churn_type
from staged
where churn_type is null
  or churn_type not in ('voluntary', 'involuntary')
