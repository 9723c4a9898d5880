-- @name spark/near_hours
-- What: the same for separate hours.
-- @param $hours BIGINT[] hours since 1970-01-01T00:00:00Z
case
  when typeof({{event_time}}) = 'date'
    then exists($hours, given -> unix_date(cast({{event_time}} as date)) between floor((given - {{reach_hours}}) / 24) and floor((given + {{reach_hours}}) / 24))
  else exists($hours, given -> {{hour}} between given - {{reach_hours}} and given + {{reach_hours}})
end
