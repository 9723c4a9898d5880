-- @name engine/functions_named
-- What: functions and macros of these names. It calls none itself: a macro of a project may have just taken the place of any.
-- @returns name VARCHAR, is_internal BOOLEAN, kind VARCHAR, parameters VARCHAR[], definition VARCHAR NULL
select function_name as name, internal as is_internal, function_type as kind, parameters, macro_definition as definition
from duckdb_functions()
where function_name in ({{names}})
