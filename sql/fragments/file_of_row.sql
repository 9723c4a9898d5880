-- @name fragments/file_of_row
-- What: the same as fragments/file_and_hour where nobody asks for the hour of a row: the event time is not read for it.
-- @into compile/source_changes {{columns}}, compile/source_range {{columns}}, compile/source_hours {{columns}}
{{file}}::varchar as path,
null::bigint as hour
