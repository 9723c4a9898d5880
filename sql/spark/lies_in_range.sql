-- @name spark/lies_in_range
-- What: whether a row lies in the session's hours. A date lies in every hour of its day.
-- @param $range_start TIMESTAMP first instant
-- @param $range_end TIMESTAMP first instant after it
({{event_time}} >= case when typeof({{event_time}}) = 'date' then date_trunc('DAY', $range_start) else $range_start end
  and {{event_time}} < $range_end)
