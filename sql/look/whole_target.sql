-- @name look/whole_target
-- What: the target as it will be: without the hours that are replaced (of dates: without their days), and with the rows that replace them.
-- @param $range_start TIMESTAMP first instant of the hours
-- @param $range_end TIMESTAMP first instant after them
select * from {{target}}
where {{event_time}} is null
  or {{event_time}} < case when typeof({{event_time}}) = 'DATE' then date_trunc('day', $range_start) else $range_start end
  or {{event_time}} >= $range_end
union all by name
select * from {{rows}}
