-- @name compile/restated_range
-- What: whether a row lies in the session's hours. A date lies in every hour of its day.
-- @param $range_start TIMESTAMP first instant of the hours
-- @param $range_end TIMESTAMP first instant after them
{{event_time}} >= case when typeof({{event_time}}) = 'DATE' then date_trunc('day', $range_start) else $range_start end
  and {{event_time}} < $range_end
