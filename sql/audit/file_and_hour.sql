-- @name audit/file_and_hour
-- What: the select list of a source's rows where they are counted.
filename::varchar as path,
event_hour({{stored_event_time}}, {{unit}}, false) as hour
