select *
from target
where hour_ts >= $range_start
  and hour_ts < $range_end
  and not cancelled
