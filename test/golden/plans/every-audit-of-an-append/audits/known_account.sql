-- An account that no request and no earlier row names.
select staged.*
from staged
where account_id not in (select account_id from r)
  and account_id not in (select account_id from target)
  and $process_name is not null
