-- @name spark/near_range
-- What: whether a row lies in the session's hours, or so near to them that only a window of a source brings it.
-- @param $range_start TIMESTAMP first instant
-- @param $range_end TIMESTAMP first instant after it
({{event_time}} >= case when typeof({{event_time}}) = 'date' then date_trunc('DAY', $range_start - {{reach}}) else $range_start - {{reach}} end
  and {{event_time}} < $range_end + {{reach}})
