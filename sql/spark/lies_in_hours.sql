-- @name spark/lies_in_hours
-- What: the same for separate hours.
-- @param $hours BIGINT[] hours since 1970-01-01T00:00:00Z
case
  when typeof({{event_time}}) = 'date' then exists($hours, given -> floor(given / 24) = unix_date(cast({{event_time}} as date)))
  else exists($hours, given -> given = {{hour}})
end
