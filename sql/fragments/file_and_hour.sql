-- @name fragments/file_and_hour
-- What: the select list of a source's rows where they are counted.
-- @into compile/source_changes {{columns}}, compile/source_range {{columns}}, compile/source_hours {{columns}},
--       compile/previous_hour {{columns}}
{{file}}::varchar as path,
event_hour({{stored_event_time}}, {{unit}}, false) as hour
