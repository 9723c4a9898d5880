-- @name lateness
-- What: how late the departures of the landing hours are, in whole hours from the scheduled hour to the landing hour, and how
-- many of them a lookback of so many hours would never have read.
-- @param $departures VARCHAR path of the Parquet file
-- @param $first_landing_hour TIMESTAMP
-- @param $last_landing_hour TIMESTAMP
-- @returns row_count BIGINT, late_rows BIGINT, latest_hours BIGINT, missed_by_1 BIGINT, missed_by_3 BIGINT, missed_by_6 BIGINT, missed_by_12 BIGINT
with landed as (
  select date_diff('hour', date_trunc('hour', "date"), date_trunc('hour', "date" + to_minutes(greatest(delay, 0)))) as late_hours
  from read_parquet($departures)
  where date_trunc('hour', "date" + to_minutes(greatest(delay, 0))) between $first_landing_hour and $last_landing_hour
)
select count(*) as row_count,
       count(*) filter (where late_hours > 0) as late_rows,
       max(late_hours) as latest_hours,
       count(*) filter (where late_hours > 1) as missed_by_1,
       count(*) filter (where late_hours > 3) as missed_by_3,
       count(*) filter (where late_hours > 6) as missed_by_6,
       count(*) filter (where late_hours > 12) as missed_by_12
from landed
