-- @name fragments/file_and_hour
-- What: the select list of a source's rows where they are counted.
-- @into load/source_changes {{columns}}, load/source_range {{columns}}, load/source_hours {{columns}},
--       load/previous_hour {{columns}}
filename::varchar as path,
event_hour({{stored_event_time}}, {{unit}}, false) as hour
