-- @name state/published_names
-- What: the names of all sessions that are recorded as published, as their files carry them.
-- @returns name VARCHAR
select distinct 'psyberg_' || process_name || '_' || psyberg_session_id as name
from {{session_table}}
where status in ('published', 'adopted')
