-- @name compile/restated_hours
-- What: as compile/restated_range, for separate hours: the range around them is for pruning.
-- @param $range_start TIMESTAMP first instant of the hours
-- @param $range_end TIMESTAMP first instant after them
-- @param $hours BIGINT[] hours since 1970-01-01T00:00:00Z
{{event_time}} >= case when typeof({{event_time}}) = 'DATE' then date_trunc('day', $range_start) else $range_start end
  and {{event_time}} < $range_end
  and case
    when typeof({{event_time}}) = 'DATE' then floor(epoch({{event_time}}) / 86400)::bigint in (select floor(unnest($hours) / 24)::bigint)
    else floor(epoch({{event_time}}) / 3600)::bigint in (select unnest($hours))
  end
