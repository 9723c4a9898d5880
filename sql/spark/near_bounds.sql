-- @name spark/near_bounds
-- What: whether an event time lies between two bounds of its own type.
-- @param $range_start TIMESTAMP first instant (inside {{from}})
-- @param $range_end TIMESTAMP first instant after the last hour (inside {{to}})
{{event_time}} >= {{from}} and {{event_time}} < {{to}}
